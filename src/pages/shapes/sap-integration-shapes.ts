import { arrayOf, objectOf, textSchema, type Shapes } from './shape.ts';

/** Bodies of flows are the flows' own; only the list of them is ours. */
export const sapIntegrationShapes: Shapes = {
  schemas: {},
  operations: {
    'list-flows': {
      answer: {
        schema: arrayOf(
          objectOf(
            { name: textSchema, path: textSchema, methods: arrayOf(textSchema), subpaths: { type: 'boolean' } },
            ['name', 'path', 'methods', 'subpaths'],
          ),
        ),
        example: [
          {
            name: 'product-details',
            path: '/api/integration/flows/product-details',
            methods: ['POST'],
            subpaths: false,
          },
        ],
      },
    },
  },
};

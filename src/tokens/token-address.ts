/** Where the token address is set, as hints name it. Never its value. */
export const tokenAddress =
  '`uaa.url` (workflow) or `oauth.tokenurl` (integration) of the service key, or `token.url` in the configuration';

/**
 * The transitions of a record in Redis. Each script works on one key, a hash with the fields `s` state, `o` owner,
 * `f` fingerprint, `l` end of the lease, `t` time of sending (milliseconds of Redis' own clock, so that the clocks of the
 * instances need not agree) and `a` sealed answer. Scripts run as a whole, and running one twice for one owner does no
 * harm: a client may not know whether a command was carried out before its connection broke.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** ARGV: owner, fingerprint, lease (ms). */
export const RESERVE = `${NOW}
local r = redis.call('HMGET', KEYS[1], 's', 'o', 'f', 'l', 't', 'a')
local state, owner, fingerprint, lease, sent, answer = r[1], r[2], r[3], tonumber(r[4]), r[5], r[6]
if not state then
  redis.call('HSET', KEYS[1], 's', 'RESERVED', 'o', ARGV[1], 'f', ARGV[2], 'l', now + ARGV[3])
  redis.call('PEXPIRE', KEYS[1], ARGV[3])
  return {'mine'}
end
if fingerprint ~= ARGV[2] then return {'other'} end
if state == 'RESERVED' and owner == ARGV[1] then return {'mine'} end
if state == 'RESERVED' or (state == 'SENT' and lease > now) then return {'in-flight', tostring(lease - now)} end
if state == 'SENT' then
  state = 'UNKNOWN'
  redis.call('HSET', KEYS[1], 's', state)
end
return {state == 'DONE' and 'done' or 'unknown', owner, sent or '0', answer or ''}
`;

/** ARGV: owner, lease (ms), time to keep (ms). */
export const MARK_SENT = `${NOW}
local r = redis.call('HMGET', KEYS[1], 's', 'o')
if r[2] ~= ARGV[1] or (r[1] ~= 'RESERVED' and r[1] ~= 'SENT') then return 0 end
redis.call('HSET', KEYS[1], 's', 'SENT', 'l', now + ARGV[2], 't', now)
redis.call('PEXPIRE', KEYS[1], ARGV[2] + ARGV[3])
return 1
`;

/** ARGV: owner, state, sealed answer, time to keep (ms). */
export const FINISH = `
if redis.call('HGET', KEYS[1], 'o') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 's', ARGV[2], 'a', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
`;

/** ARGV: owner. */
export const RELEASE = `
if redis.call('HGET', KEYS[1], 'o') ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
`;

/** ARGV: owner of the unknown one, new owner, lease (ms). */
export const TAKE_OVER = `${NOW}
local r = redis.call('HMGET', KEYS[1], 's', 'o')
if r[2] ~= ARGV[1] or r[1] ~= 'UNKNOWN' then return 0 end
redis.call('HSET', KEYS[1], 's', 'RESERVED', 'o', ARGV[2], 'l', now + ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`;

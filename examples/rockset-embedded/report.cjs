// @ts-check
// An old program, as it ran against Rockset's cloud: only its two variables are others now.
const rockset = require('@rockset/client').default

const { ROCKSET_APIKEY = 'any', ROCKSET_APISERVER = 'http://127.0.0.1:4243' } = process.env
const client = rockset(ROCKSET_APIKEY, ROCKSET_APISERVER)

const query = `
  SELECT h._id AS session, u.m.type AS type, COUNT(*) AS messages
  FROM commons.chat h, UNNEST(h.messages AS m) AS u
  GROUP BY h._id, u.m.type
  ORDER BY session, type`

client.queries.query({ sql: { query } }).then(({ results }) => console.info(JSON.stringify(results)))

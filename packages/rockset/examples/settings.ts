/** Of a `@hist/rockset-server`. */
export const settings = {
  collection: 'chat',
  apiKey: process.env.ROCKSET_APIKEY ?? 'any',
  apiServer: process.env.ROCKSET_APISERVER ?? 'http://127.0.0.1:4243',
}

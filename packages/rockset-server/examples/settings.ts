export const settings = {
  data: process.env.ROCKSET_DATA ?? './rockset.db',
}

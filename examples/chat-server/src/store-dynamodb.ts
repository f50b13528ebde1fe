import { createDynamoDBHistory } from '@hist/dynamodb/store'

// The service's address, region and keys come from the environment: AWS_ENDPOINT_URL_DYNAMODB, AWS_REGION, AWS_ACCESS_KEY_ID …
export const store = createDynamoDBHistory({ tableName: process.env.DYNAMODB_TABLE ?? 'ChatHistory', setupMode: 'sync' })

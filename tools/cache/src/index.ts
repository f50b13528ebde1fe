export { withFileLock } from './file-lock.js'
export { cacheFolder, repository } from './folder.js'

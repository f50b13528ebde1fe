import { notImplemented, type Route, route } from './route.js'

/** The organization, of which there is one. */
export function organizationRoutes(): Route[] {
  return [route('GET', '', () => ({ data: { id: 'local', display_name: 'local' } })), ...unsupported]
}

const unsupported = [
  '/integrations',
  '/users',
  '/users/self',
  '/users/self/apikeys',
  '/roles',
  '/virtualinstances',
  '/aliases',
  '/lambdas',
  '/views',
]
  .flatMap(path => [notImplemented('GET', path), notImplemented('POST', path)])
  .concat(
    ['aliases', 'lambdas', 'views'].flatMap(kind => [
      notImplemented('GET', `/ws/:workspace/${kind}`),
      notImplemented('POST', `/ws/:workspace/${kind}`),
    ]),
  )

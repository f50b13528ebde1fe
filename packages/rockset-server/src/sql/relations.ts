import type { CollectionView, DocumentObject, Narrowing, Value } from '../documents.js'
import type { Relation } from './ast.js'
import { isArray, isObject, setMember } from './compare.js'
import type { Context, Environment } from './environment.js'
import { QueryError } from './errors.js'
import { compileExpression } from './evaluate.js'
import type { Row, Scope } from './scope.js'

/** A table of FROM: its objects, given those of the tables before it. */
export interface CompiledRelation {
  /** Of a collection, which alone can be narrowed. */
  readonly view?: CollectionView
  /** Whether its objects depend on the tables before it. */
  readonly isLateral: boolean
  /** The member by which its objects are in order: 1, 2, 3, … */
  readonly ordinality?: string
  objects(row: Row): Iterable<DocumentObject>
  /** From the last to the first; only with an ordinality. */
  reversed?(row: Row): Iterable<DocumentObject>
}

export function compileRelations(relations: readonly Relation[], scope: Scope, context: Context): readonly CompiledRelation[] {
  return relations.map(relation => {
    const compiled = compileRelation(relation, { scope, context })
    scope.add(relation.alias ?? impliedAlias(relation, scope), relation)
    return compiled
  })
}

/** A table without an alias goes by the last part of its name, if it has one; nothing can name the others. */
function impliedAlias(relation: Relation, scope: Scope): string {
  return relation.kind === 'collection' ? relation.name : `?${scope.aliases.length + 1}`
}

function compileRelation(relation: Relation, environment: Environment): CompiledRelation {
  const { scope, context } = environment
  if (relation.kind === 'collection') {
    const view = context.source.collection(relation.workspace, relation.name)
    if (view === undefined) {
      const name = `"${relation.workspace}.${relation.name}"`
      throw new QueryError('collection_not_found', `Collection ${name} not found.`, relation)
    }
    return { view, isLateral: false, objects: () => view.scan() }
  }
  if (relation.kind === 'unnest') return compileUnnest(relation, environment)
  const compiled = context.compileQuery(relation.query, scope.outer)
  if (compiled.isCorrelated) scope.markCorrelated()
  return { isLateral: false, objects: row => compiled.rows(row.outer) }
}

function compileUnnest(relation: Extract<Relation, { kind: 'unnest' }>, environment: Environment): CompiledRelation {
  const { budget } = environment.context
  const list = compileExpression(relation.expression, environment)

  function* objects(row: Row, isReversed: boolean): Iterable<DocumentObject> {
    const value = list(row)
    if (value === null || value === undefined) return
    if (!isArray(value)) throw new QueryError('evaluation_error', 'UNNEST takes an array.', relation)
    for (let place = 1; place <= value.length; place += 1) {
      const ordinal = isReversed ? value.length + 1 - place : place
      const element = value[ordinal - 1] ?? null
      yield budget.carry(unnested(relation, element, ordinal), element)
    }
  }

  return {
    isLateral: true,
    ...(relation.ordinality !== null && { ordinality: relation.ordinality, reversed: row => objects(row, true) }),
    objects: row => objects(row, false),
  }
}

/** Without a name an object's members are the columns; what is not an object gets the column `?unnest`. */
function unnested(relation: Extract<Relation, { kind: 'unnest' }>, element: Value, ordinal: number): DocumentObject {
  if (relation.element === null && relation.ordinality === null && isObject(element)) return element
  const object: Record<string, Value> = {}
  if (relation.element !== null) setMember(object, relation.element, element)
  else if (isObject(element)) for (const [name, value] of Object.entries(element)) setMember(object, name, value)
  else object['?unnest'] = element
  if (relation.ordinality !== null) setMember(object, relation.ordinality, ordinal)
  return object
}

/** All combinations of the tables' objects, the first table's given; every combination is counted as a step. */
export function* joined(
  relations: readonly CompiledRelation[],
  first: Iterable<DocumentObject>,
  row: Row,
  context: Context,
): Iterable<Row> {
  const held = new Map<CompiledRelation, readonly DocumentObject[]>()

  /** A table that depends on none before it is read once. */
  function objectsOf(relation: CompiledRelation, before: Row): Iterable<DocumentObject> {
    if (relation.isLateral) return relation.objects(before)
    const known = held.get(relation)
    if (known !== undefined) return known
    const objects: DocumentObject[] = []
    for (const object of relation.objects(before)) {
      objects.push(object)
      context.budget.tick()
      context.budget.checkRows(objects.length)
    }
    held.set(relation, objects)
    return objects
  }

  function* extended(before: Row, index: number, objects: Iterable<DocumentObject>): Iterable<Row> {
    const next = relations[index + 1]
    for (const object of objects) {
      context.budget.tick()
      const after: Row = { ...before, cells: [...before.cells, object] }
      if (next === undefined) yield after
      else yield* extended(after, index + 1, objectsOf(next, after))
    }
  }

  yield* extended(row, 0, first)
}

/** What a collection holds of this; by its id, if that is asked for. */
export function* narrowed(view: CollectionView, narrowing: Narrowing): Iterable<DocumentObject> {
  const id = narrowing.equal?.find(({ member }) => member === '_id')?.value
  if (id === undefined) {
    yield* view.scan(narrowing)
    return
  }
  const document = typeof id === 'string' ? view.get(id) : undefined
  if (document !== undefined) yield document
}

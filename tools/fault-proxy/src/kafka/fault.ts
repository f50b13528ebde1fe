/**
 * What happens to one request.
 *
 * | fault | reaches the broker | what the client sees |
 * |---|---|---|
 * | `'pass'` | yes | the answer |
 * | `'drop-before'` | no | connection closed |
 * | `'cut-after'` | yes | connection closed, when the broker has answered |
 * | `'lose-answer'` | yes | nothing; answers to later requests arrive |
 * | `'hold-request'` | no, never | nothing; later requests go on |
 * | `{ delayMs }` | later, also when the client has given up by then | the answer |
 * | `{ delayAnswerMs }` | yes | the answer, later |
 * | `{ answer }` | yes | the rewritten answer |
 * | `{ reply }` | no | that answer |
 *
 * On one connection nothing overtakes: requests wait behind a delayed one and behind a rule that has not decided, answers behind a
 * delayed one and behind those that the broker still owes; only what never arrives (held, lost) is not waited for.
 *
 * A Produce with acks 0 has no answer, so what is about answers does nothing to it.
 */
export type KafkaFault =
  | 'pass'
  | 'drop-before'
  | 'cut-after'
  | 'lose-answer'
  | 'hold-request'
  | { readonly delayMs: number }
  | { readonly delayAnswerMs: number }
  /** Gets and gives what follows the correlation id. */
  | { readonly answer: (body: Buffer) => Buffer }
  /** What follows the correlation id. */
  | { readonly reply: Buffer }

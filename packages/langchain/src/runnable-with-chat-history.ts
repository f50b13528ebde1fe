import type { ChatHistory } from '@hist/core'
import type { CallbackManagerForChainRun } from '@langchain/core/callbacks/manager'
import { ensureConfig, patchConfig, Runnable, type RunnableConfig } from '@langchain/core/runnables'
import { AsyncGeneratorWithSetup, IterableReadableStream } from '@langchain/core/utils/stream'
import { joinedOutput } from './joined-output.js'
import { RecordedRun } from './recorded-run.js'
import type { MessageKeys } from './run-messages.js'
import type { HistoryWindow } from './window.js'

export interface RunSettings extends MessageKeys {
  historyOf(config: RunnableConfig): Promise<ChatHistory>
  window?: HistoryWindow | undefined
}

/** Of the base class it uses what both ends of the supported range of `@langchain/core` have in the same form. */
export class RunnableWithChatHistory<RunInput, RunOutput, CallOptions extends RunnableConfig> extends Runnable<
  RunInput,
  RunOutput,
  CallOptions
> {
  override lc_namespace = ['hist', 'runnables']
  readonly #runnable: Runnable<RunInput, RunOutput, CallOptions>
  readonly #settings: RunSettings

  constructor(runnable: Runnable<RunInput, RunOutput, CallOptions>, settings: RunSettings) {
    super()
    this.#runnable = runnable
    this.#settings = settings
  }

  static override lc_name(): string {
    return 'RunnableWithChatHistory'
  }

  override async invoke(input: RunInput, options?: Partial<CallOptions>): Promise<RunOutput> {
    return this._callWithConfig(
      async (given: RunInput, config: Partial<CallOptions> = {}, trace?: CallbackManagerForChainRun) => {
        const run = await this.#begin(given, config)
        const output = await this.#runnable.invoke(run.input as RunInput, childConfig(config, trace))
        // With the signal: whoever aborted has been told so, even if the runnable was deaf to it.
        await run.store(output, config.signal)
        return output
      },
      input,
      options,
    )
  }

  /** Unlike the base class's, an abort reaches the reader when what had been given out is stored. */
  override async stream(input: RunInput, options?: Partial<CallOptions>): Promise<IterableReadableStream<RunOutput>> {
    const config = ensureConfig(options as CallOptions)
    const generator = this._streamIterator(input, config)
    const chunks = new AsyncGeneratorWithSetup({ generator, config: { ...config, signal: undefined } })
    await chunks.setup
    return IterableReadableStream.fromAsyncGenerator(chunks as AsyncGenerator<RunOutput>)
  }

  override async *_streamIterator(input: RunInput, options?: Partial<CallOptions>): AsyncGenerator<RunOutput> {
    async function* inputs(): AsyncGenerator<RunInput> {
      yield input
    }
    yield* this._transformStreamWithConfig(
      inputs(),
      (generator, trace, config) => this.#streamRuns(generator, config ?? {}, trace),
      options,
    )
  }

  override _concatOutputChunks<Output>(first: Output, second: Output): Output {
    return joinedOutput(this.#runnable, first, second) as Output
  }

  async *#streamRuns(
    inputs: AsyncGenerator<RunInput>,
    config: Partial<CallOptions>,
    trace?: CallbackManagerForChainRun,
  ): AsyncGenerator<RunOutput> {
    for await (const input of inputs) yield* this.#streamRun(input, config, trace)
  }

  async *#streamRun(
    input: RunInput,
    config: Partial<CallOptions>,
    trace?: CallbackManagerForChainRun,
  ): AsyncGenerator<RunOutput> {
    const { signal } = config
    const run = await this.#begin(input, config)
    const chunks = await this.#runnable.stream(run.input as RunInput, childConfig(config, trace))
    let output: RunOutput | undefined
    let part: Promise<void> | undefined
    const storePart = () => (part ??= run.storePart(output))
    // Who aborts may never read on, and then nothing here goes on either.
    const onAbort = () => void storePart().catch(warnOfLostPart)
    signal?.addEventListener('abort', onAbort, { once: true })
    try {
      for await (const chunk of chunks) {
        // What had come is being stored already.
        signal?.throwIfAborted()
        output = output === undefined ? chunk : this._concatOutputChunks(output, chunk)
        let isLeft = true
        try {
          yield chunk
          isLeft = false
        } finally {
          // Before the runnable is told, which may take its time to end.
          if (isLeft) await storePart()
        }
      }
    } catch (error) {
      await storePart().catch(lost => {
        if (lost !== error)
          throw new AggregateError([error, lost], 'the run failed, and what it had given out could not be stored')
      })
      throw error
    } finally {
      signal?.removeEventListener('abort', onAbort)
    }
    if (output !== undefined) await (part ?? run.store(output))
  }

  async #begin(input: RunInput, config: Partial<CallOptions>): Promise<RecordedRun> {
    const { historyOf, ...settings } = this.#settings
    return RecordedRun.begin(await historyOf(config as RunnableConfig), input, { ...settings, signal: config.signal })
  }
}

function childConfig<CallOptions extends RunnableConfig>(
  config: Partial<CallOptions>,
  trace: CallbackManagerForChainRun | undefined,
): Partial<CallOptions> {
  return patchConfig(config, trace && { callbacks: trace.getChild() })
}

function warnOfLostPart(error: unknown): void {
  const reason = error instanceof Error ? error.message : String(error)
  process.emitWarning(`what a run had given out before it was aborted could not be stored: ${reason}`, 'HistoryWarning')
}

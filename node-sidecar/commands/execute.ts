import type { Command } from '../../shared/contract/commands.ts'
import type { Gate } from '../control-plane/gate.ts'
import type { MistApi } from '../mist/api.ts'
import type { Pushes } from '../pushes/pushes.ts'
import { terminateStream } from './terminate-stream.ts'

interface ExecuteDeps {
  api: MistApi
  gate: Pick<Gate, 'forget'>
  pushes: Pick<Pushes, 'add' | 'remove'>
  /** Takes no new viewers from now on, or takes them again; kept through restarts. */
  drain: (on: boolean) => Promise<void>
  /** Foghorn should know at once. */
  streamChanged: () => void
}

/** Does what a command says; throws a `Fault` when MistServer does not. */
export async function execute(
  { api, gate, pushes, drain, streamChanged }: ExecuteDeps,
  command: Command,
): Promise<void> {
  switch (command.kind) {
    case 'terminate_stream':
      gate.forget(command.runtime_name)
      await terminateStream(api, command.runtime_name)
      streamChanged()
      return
    case 'stop_sessions':
      await api.call(
        command.runtime_name === undefined
          ? { stop_sessid: command.session_ids }
          : { stop_sessions: command.runtime_name },
      )
      return
    case 'reauthorise_sessions':
      // What was permitted a moment ago would otherwise be the answer.
      gate.forget(command.runtime_name)
      await api.call({ invalidate_sessions: command.runtime_name })
      return
    case 'start_push':
      await pushes.add(command.runtime_name, command.target)
      return
    case 'stop_push':
      await pushes.remove(command.runtime_name, command.target)
      return
    case 'drain':
      await drain(command.on)
  }
}

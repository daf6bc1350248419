import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { access, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { freePort } from '../../../shared/testing/port.ts'
import { kafkaClasspath, MISSING_JAVA } from './classpath.ts'
import { type Door, serverProperties } from './properties.ts'
import { runCommand } from './run-command.ts'

/** The broker's heap; the whole process takes about 450 MB. */
const HEAP_MEGABYTES = 512
const START_TIMEOUT_MS = 60_000
const STOP_TIMEOUT_MS = 15_000
const LINES_KEPT_MAX = 40
const READY = /Kafka Server started/

export interface KafkaServer extends AsyncDisposable {
  /** `host:port`, as clients are given it. */
  brokers: string[]
  pid: number
  /** Resolves when the process has ended, for whatever reason. */
  exited: Promise<void>
  /** Ends the broker as an operator would: it flushes its log first. */
  stop(): Promise<void>
  /** Ends it as a crash would. */
  kill(): Promise<void>
}

interface KafkaServerOptions {
  /** Folder of its data and settings; what an earlier start left there is used again. */
  dir: string
  /** A free one when absent. */
  port?: number
  doors?: readonly Door[]
}

/** Starts a real Apache Kafka (KRaft, one node) on loopback; throws with its own words when it cannot. */
export async function startKafka({ dir, port, doors = [] }: KafkaServerOptions): Promise<KafkaServer> {
  const classpath = await kafkaClasspath()
  const ports = { broker: port ?? (await freePort()), controller: await freePort(), doors }
  const dataPath = join(dir, 'data')
  const settingsPath = join(dir, 'server.properties')
  await mkdir(dir, { recursive: true })
  await writeFile(settingsPath, serverProperties(dataPath, ports))
  await format(classpath, dataPath, settingsPath)

  const child = spawn('java', [...javaFlags(), '-cp', classpath, 'kafka.Kafka', settingsPath], {
    // Its own group: Ctrl-C in the terminal goes to us, and we stop it last.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  await ready(child)
  const stop = () => end(child, 'SIGTERM')
  return {
    brokers: [`127.0.0.1:${ports.broker}`],
    pid: child.pid ?? 0,
    exited,
    stop,
    kill: () => end(child, 'SIGKILL'),
    [Symbol.asyncDispose]: stop,
  }
}

function javaFlags(): string[] {
  const log = '-Dorg.slf4j.simpleLogger'
  return [
    `-Xmx${HEAP_MEGABYTES}m`,
    // One small broker: the other collectors only cost threads and memory.
    '-XX:+UseSerialGC',
    `${log}.defaultLogLevel=warn`,
    // The line that tells when it is ready.
    `${log}.log.kafka.server.KafkaRaftServer=info`,
  ]
}

async function format(classpath: string, dataPath: string, settingsPath: string): Promise<void> {
  const formatted = await access(join(dataPath, 'meta.properties')).then(
    () => true,
    () => false,
  )
  if (formatted) return
  const cluster = randomBytes(16).toString('base64url')
  // In one word with its option: an id that begins with `-` would be taken for the next one.
  const args = ['-cp', classpath, 'kafka.tools.StorageTool', 'format', `--cluster-id=${cluster}`, '-c', settingsPath]
  await runCommand('java', args, MISSING_JAVA)
}

async function ready(child: ChildProcess): Promise<void> {
  const said: string[] = []
  if (!child.stderr) throw new Error('the broker has no output to read')
  const lines = createInterface({ input: child.stderr })
  const failed = (why: string) => new Error(`Apache Kafka ${why}:\n${said.join('\n')}`)
  const started = Promise.withResolvers<void>()
  const timer = setTimeout(() => started.reject(failed('did not start in time')), START_TIMEOUT_MS)
  lines.on('line', (line) => {
    said.push(line)
    if (said.length > LINES_KEPT_MAX) said.shift()
    if (READY.test(line)) started.resolve()
  })
  child.once('exit', () => started.reject(failed('ended')))
  child.once('error', () => started.reject(new Error(MISSING_JAVA)))
  try {
    await started.promise
  } catch (error) {
    await end(child, 'SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
}

async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS)
  await exited
  clearTimeout(timer)
}

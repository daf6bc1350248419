import { createHash } from 'node:crypto'
import { access, mkdir, readFile, rename } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runCommand } from './run-command.ts'

const POM_PATH = fileURLToPath(new URL('pom.xml', import.meta.url))
const CACHE_PATH = fileURLToPath(new URL('../../../.local/kafka', import.meta.url))

export const MISSING_JAVA =
  'Apache Kafka needs a JDK, 17 or newer: install one so that `java` runs, or set KAFKA_BROKERS'
const MISSING_MAVEN = 'Apache Kafka is fetched with Maven: install it so that `mvn` runs, or set KAFKA_BROKERS'

/** The Java class path of Apache Kafka; Maven is asked once for each version of `pom.xml`. */
export async function kafkaClasspath(): Promise<string> {
  const pom = await readFile(POM_PATH)
  const version = createHash('sha256').update(pom).digest('hex').slice(0, 16)
  const path = join(CACHE_PATH, `classpath-${version}.txt`)
  const cached = await readClasspath(path)
  if (cached) return cached

  await mkdir(CACHE_PATH, { recursive: true })
  // Two first starts at once each write their own file; the rename is atomic.
  const partial = `${path}.${process.pid}`
  const args = ['--quiet', '--batch-mode', '--file', POM_PATH, `-Dmdep.outputFile=${partial}`]
  await runCommand('mvn', ['dependency:build-classpath', ...args], MISSING_MAVEN)
  await rename(partial, path)
  return (await readFile(path, 'utf8')).trim()
}

/** The cached class path, unless a jar of it has been removed since. */
async function readClasspath(path: string): Promise<string | undefined> {
  try {
    const classpath = (await readFile(path, 'utf8')).trim()
    await Promise.all(classpath.split(delimiter).map((jar) => access(jar)))
    return classpath
  } catch {
    return undefined
  }
}

/** One more port of the broker, and the port under which its clients know it, as behind a proxy. */
export interface Door {
  port: number
  advertised: number
}

interface Ports {
  broker: number
  controller: number
  doors: readonly Door[]
}

/** `server.properties` of one broker that is its own controller, on loopback, with the log in `dataPath`. */
export function serverProperties(dataPath: string, ports: Ports): string {
  const broker = `127.0.0.1:${ports.broker}`
  const controller = `127.0.0.1:${ports.controller}`
  const doors = ports.doors.map((door, i) => ({ ...door, name: `DOOR${i}` }))
  const settings = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@${controller}`,
    listeners: [
      `PLAINTEXT://${broker}`,
      `CONTROLLER://${controller}`,
      ...doors.map(({ name, port }) => `${name}://127.0.0.1:${port}`),
    ],
    'advertised.listeners': [
      `PLAINTEXT://${broker}`,
      ...doors.map(({ name, advertised }) => `${name}://127.0.0.1:${advertised}`),
    ],
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': ['CONTROLLER', 'PLAINTEXT', ...doors.map(({ name }) => name)].map(
      (name) => `${name}:PLAINTEXT`,
    ),
    'log.dirs': dataPath,
    // As in the cloud: a topic exists because someone declared it.
    'auto.create.topics.enable': false,
    'default.replication.factor': 1,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // A group of one machine forms at once, and a killed member is missed soon.
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
  }
  return `${Object.entries(settings)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`
}

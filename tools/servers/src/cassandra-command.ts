import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const OPENED = `java.base/java.lang.module java.base/jdk.internal.loader java.base/jdk.internal.ref java.base/jdk.internal.reflect
  java.base/jdk.internal.math java.base/jdk.internal.module java.base/jdk.internal.util.jar jdk.management/com.sun.management.internal
  java.base/sun.nio.ch java.base/java.io java.base/java.lang.reflect jdk.compiler/com.sun.tools.javac java.base/java.lang java.base/java.util
  java.base/java.nio java.rmi/sun.rmi.transport.tcp`

const EXPORTED = `java.base/jdk.internal.misc java.management.rmi/com.sun.jmx.remote.internal.rmi java.rmi/sun.rmi.registry
  java.rmi/sun.rmi.server java.sql/java.sql java.base/java.lang.ref jdk.unsupported/sun.misc jdk.compiler/com.sun.tools.javac.file
  jdk.attach/sun.tools.attach`

const flagEach = (flag: string, packages: string) => packages.split(/\s+/).flatMap(name => [flag, `${name}=ALL-UNNAMED`])

/** @param archive flags for the class-data archive */
export function cassandraParameters(lib: string, folder: string, jmxPort: number, archive: readonly string[]): string[] {
  return [
    ...['-Xms64m', '-Xmx512m', '-XX:+UseSerialGC', '-Xss256k', '-XX:MaxDirectMemorySize=256m', '-XX:ActiveProcessorCount=2'],
    ...archive,
    '-Djdk.attach.allowAttachSelf=true',
    '-Djava.net.preferIPv4Stack=true',
    '-Dio.netty.tryReflectionSetAccessible=true',
    // Without these Cassandra gives up at once.
    ...flagEach('--add-opens', OPENED),
    ...flagEach('--add-exports', EXPORTED),
    `-Dcassandra.config=${pathToFileURL(join(folder, 'cassandra.yaml'))}`,
    `-Dlogback.configurationFile=${join(folder, 'logback.xml')}`,
    `-Dcassandra.storagedir=${folder}`,
    `-Dcassandra.logdir=${join(folder, 'logs')}`,
    '-Dcassandra-foreground=yes',
    `-Dcassandra.jmx.local.port=${jmxPort}`,
    // These three save 4 s of waiting for other nodes.
    '-Dcassandra.skip_wait_for_gossip_to_settle=0',
    '-Dcassandra.ring_delay_ms=1000',
    '-Dcassandra.superuser_setup_delay_ms=0',
    '-cp',
    join(lib, '*'),
    'org.apache.cassandra.service.CassandraDaemon',
  ]
}

package io.github.notearchive.embedded;

import java.io.IOException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;

/**
 * Process and server ports that the owner of a data directory publishes to guests.
 *
 * @param pid pid of the owner
 * @param startedAt start of that process in milliseconds of the epoch; 0 if unknown. Distinguishes it from a later
 *     process with the same pid
 * @param ports port on 127.0.0.1 of each running server, by name
 */
record ServerFacts(long pid, long startedAt, Map<String, Integer> ports) {

    private static final String PORT = ".port";

    ServerFacts {
        ports = Map.copyOf(ports);
    }

    static ServerFacts ofThisProcess(Map<String, Integer> ports) {
        ProcessHandle self = ProcessHandle.current();
        return new ServerFacts(self.pid(), startOf(self), ports);
    }

    /** Reads the file; empty if it is missing or invalid. */
    static Optional<ServerFacts> read(PrivateFile file) {
        try {
            Properties properties = file.readProperties();
            var ports = new HashMap<String, Integer>();
            for (String key : properties.stringPropertyNames()) {
                if (key.endsWith(PORT)) {
                    ports.put(key.replace(PORT, ""), Integer.valueOf(properties.getProperty(key)));
                }
            }
            return Optional.of(new ServerFacts(
                    Long.parseLong(properties.getProperty("pid", "")),
                    Long.parseLong(properties.getProperty("started-at", "")),
                    ports));
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    void write(PrivateFile file) throws IOException {
        var values = new HashMap<>(Map.of("pid", Long.toString(pid), "started-at", Long.toString(startedAt)));
        ports.forEach((server, port) -> values.put(server + PORT, port.toString()));
        file.writeProperties(values);
    }

    /** Returns the port of a server; empty if it or the owner does not run. Then other processes may use the port. */
    OptionalInt runningPort(String server) {
        Integer port = isOwnerAlive() ? ports.get(server) : null;
        return port == null ? OptionalInt.empty() : OptionalInt.of(port);
    }

    boolean isOwnerAlive() {
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .filter(owner -> startOf(owner) == startedAt)
                .isPresent();
    }

    private static long startOf(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }
}

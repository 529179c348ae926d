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

    static ServerFacts ofThisProcess() {
        ProcessHandle self = ProcessHandle.current();
        return new ServerFacts(self.pid(), startOf(self), Map.of());
    }

    /** Reads the file; empty if it is missing or invalid. */
    static Optional<ServerFacts> read(PrivateFile file) {
        try {
            return file.readProperties().map(ServerFacts::parse);
        } catch (IOException | NumberFormatException e) {
            return Optional.empty();
        }
    }

    private static ServerFacts parse(Properties properties) {
        var ports = new HashMap<String, Integer>();
        for (String key : properties.stringPropertyNames()) {
            if (key.endsWith(PORT)) {
                ports.put(key.substring(0, key.length() - PORT.length()), Integer.valueOf(properties.getProperty(key)));
            }
        }
        return new ServerFacts(
                Long.parseLong(properties.getProperty("pid", "")),
                Long.parseLong(properties.getProperty("started-at", "")),
                ports);
    }

    void write(PrivateFile file) throws IOException {
        var values = new HashMap<String, String>();
        values.put("pid", Long.toString(pid));
        values.put("started-at", Long.toString(startedAt));
        ports.forEach((server, port) -> values.put(server + PORT, port.toString()));
        file.writeProperties(values);
    }

    ServerFacts with(String server, int port) {
        var more = new HashMap<>(ports);
        more.put(server, port);
        return new ServerFacts(pid, startedAt, more);
    }

    ServerFacts without(String server) {
        var fewer = new HashMap<>(ports);
        fewer.remove(server);
        return new ServerFacts(pid, startedAt, fewer);
    }

    OptionalInt port(String server) {
        Integer port = ports.get(server);
        return port == null ? OptionalInt.empty() : OptionalInt.of(port);
    }

    /** Returns whether the owner still runs. Otherwise other processes may use its ports. */
    boolean writerLives() {
        return ProcessHandle.of(pid)
                .filter(ProcessHandle::isAlive)
                .map(ServerFacts::startOf)
                .filter(start -> start == startedAt)
                .isPresent();
    }

    private static long startOf(ProcessHandle process) {
        return process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    }
}

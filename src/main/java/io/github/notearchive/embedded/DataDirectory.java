package io.github.notearchive.embedded;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.io.PrivateDirectory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Data directory of the embedded servers, opened by its owner or by a guest of the owning process.
 *
 * <p>The owner holds a lock on the file {@code lock} and runs the servers. It publishes their ports in
 * {@code servers.properties}, replaced atomically at each change. A guest uses the servers of the owner and stops none.
 * A guest becomes the owner if the owner ends while the guest waits for a server.
 *
 * <p>A created directory is accessible by its user only. An existing directory keeps its permissions; files in it are
 * private.
 */
public final class DataDirectory implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DataDirectory.class);

    private static final Duration JOIN_PATIENCE = Duration.ofSeconds(30);
    private static final Duration JOIN_PAUSE = Duration.ofMillis(100);

    /** Characters with a meaning in the shell that starts PostgreSQL. */
    private static final Pattern UNSAFE = Pattern.compile("[\"'`$\\\\\\p{Cntrl}]");

    /** PostgreSQL limits a path to 1024 characters; this leaves room for names below. */
    private static final int LONGEST_PATH = 800;

    /**
     * Directories that this JVM owns. A lock file must not be opened twice: closing any channel of a file releases all
     * locks of the process on it.
     */
    private static final Set<Path> OWNED_HERE = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final Duration patience;
    private final PrivateFile factsFile;
    private final Deque<AutoCloseable> servers = new ArrayDeque<>();
    private final Map<String, Integer> ports = new HashMap<>();
    private @Nullable FileChannel lock;
    private boolean closed;

    private DataDirectory(Path path, Duration patience) {
        this.path = path;
        this.patience = patience;
        this.factsFile = new PrivateFile(path.resolve("servers.properties"));
    }

    /**
     * Opens the directory and creates it if it is missing. Does not wait: if another process owns it, the result is
     * {@link #joined() joined}.
     *
     * @throws DataDirectoryException if it is not a directory, is not writable, or has a path that the servers cannot
     *     use
     */
    public static DataDirectory open(Path path) {
        return open(path, JOIN_PATIENCE);
    }

    static DataDirectory open(Path path, Duration patience) {
        var directory = new DataDirectory(usable(path), patience);
        boolean _ = directory.own();
        return directory;
    }

    /** Returns the absolute path without symbolic links. */
    public Path path() {
        return path;
    }

    /**
     * Returns whether another process, or another part of this process, is the owner. May change to false, never to
     * true.
     */
    public synchronized boolean joined() {
        return lock == null;
    }

    /** Closes the servers that were opened here, the last one first, then releases the directory. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        RuntimeException failure = null;
        while (!servers.isEmpty()) {
            try {
                servers.pop().close();
            } catch (Exception e) {
                var next = DataDirectoryException.of(path, String.valueOf(e.getMessage()), e);
                if (failure != null) {
                    next.addSuppressed(failure);
                }
                failure = next;
            }
        }
        release();
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Finds a running server. The caller holds the monitor of this object until it has {@linkplain #publish published}
     * the server, so that it is started once in this process.
     *
     * @param isOurs checks that the listener of a port is the server of this directory
     * @return port of a running server; empty if this process owns the directory and the caller must start the server
     * @throws DataDirectoryException if another process owns the directory and its server does not respond in time
     */
    OptionalInt findRunning(String server, IntPredicate isOurs) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            if (own()) {
                Integer port = ports.get(server);
                return port == null ? OptionalInt.empty() : OptionalInt.of(port);
            }
            Optional<ServerFacts> owner = ServerFacts.read(factsFile);
            OptionalInt port = owner.map(found -> found.runningPort(server)).orElse(OptionalInt.empty());
            if (port.isPresent() && isOurs.test(port.getAsInt())) {
                return port;
            }
            if (System.nanoTime() - deadline > 0) {
                throw inUse(server, owner, port);
            }
            pause(JOIN_PAUSE, "Data directory " + path + ": interrupted while waiting for its owner's servers");
        }
    }

    /** Publishes the port of a server to guests, and registers the server for closing. */
    synchronized void publish(String server, int port, AutoCloseable toClose) {
        ports.put(server, port);
        writeFacts();
        servers.push(toClose);
    }

    /** Hides a server that is about to stop from new guests; continues if that fails. */
    synchronized void withdraw(String server) {
        if (lock == null) {
            return;
        }
        ports.remove(server);
        try {
            writeFacts();
        } catch (DataDirectoryException e) {
            log.warn("Guests may still look for the {} server, which stops now", server, e);
        }
    }

    private void writeFacts() {
        try {
            ServerFacts.ofThisProcess(ports).write(factsFile);
        } catch (IOException e) {
            throw notWritable(path, e);
        }
    }

    /** Waits; if interrupted, fails with this message and keeps the thread interrupted. */
    static void pause(Duration time, String ifInterrupted) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataDirectoryException(ifInterrupted, e);
        }
    }

    private synchronized boolean own() {
        if (closed) {
            throw new IllegalStateException("Data directory " + path + ": it is closed already");
        }
        if (lock == null && OWNED_HERE.add(path)) {
            try {
                lock = tryLock();
                if (lock != null) {
                    writeFacts();
                }
            } catch (DataDirectoryException e) {
                closed = true;
                release();
                throw e;
            } finally {
                if (lock == null) {
                    OWNED_HERE.remove(path);
                }
            }
        }
        return lock != null;
    }

    private @Nullable FileChannel tryLock() {
        try {
            FileChannel channel = FileChannel.open(path.resolve("lock"), Set.of(CREATE, WRITE), AtomicFile.OWNER_ONLY);
            if (channel.tryLock() != null) {
                return channel;
            }
            channel.close();
            return null;
        } catch (IOException e) {
            throw notWritable(path, e);
        }
    }

    private void release() {
        FileChannel held = lock;
        if (held == null) {
            return;
        }
        try (held) {
            Files.deleteIfExists(factsFile.path());
        } catch (IOException e) {
            throw notWritable(path, e);
        } finally {
            lock = null;
            OWNED_HERE.remove(path);
        }
    }

    private DataDirectoryException inUse(String server, Optional<ServerFacts> owner, OptionalInt port) {
        String pid = owner.map(found -> "pid " + found.pid()).orElse("pid unknown");
        String problem;
        if (port.isPresent()) {
            problem = "what listens on 127.0.0.1:%d is not its %s server".formatted(port.getAsInt(), server);
        } else if (owner.isPresent() && !owner.get().isOwnerAlive()) {
            problem = "and it cannot be seen from here, as in another container";
        } else {
            problem = "which runs no %s server".formatted(server);
        }
        return new DataDirectoryException(
                "Data directory %s is in use by another process (%s), %s; waited %d s for it. Run this again when that process has ended, with the same database and store settings as it has, or name another data directory"
                        .formatted(path, pid, problem, patience.toSeconds()),
                null);
    }

    private static Path usable(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        if (Files.exists(absolute) && !Files.isDirectory(absolute)) {
            throw DataDirectoryException.of(
                    absolute, "it is a file; move that away, or name another data directory", null);
        }
        try {
            Path real = PrivateDirectory.create(absolute).toRealPath();
            if (UNSAFE.matcher(real.toString()).find() || real.toString().length() > LONGEST_PATH) {
                throw DataDirectoryException.of(
                        real,
                        "PostgreSQL cannot be started from a path with quotes, dollar signs, backslashes or control characters, or with more than "
                                + LONGEST_PATH
                                + " characters; name another data directory",
                        null);
            }
            return real;
        } catch (IOException e) {
            throw notWritable(absolute, e);
        }
    }

    private static DataDirectoryException notWritable(Path path, IOException cause) {
        return DataDirectoryException.of(
                path,
                "cannot be written to, %s; give this user the right and the room to write there, or name another data directory"
                        .formatted(cause),
                cause);
    }

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

        /**
         * Returns the port of a server; empty if it or the owner does not run. Then other processes may use the port.
         */
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
}

package io.github.notearchive.embedded;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.github.notearchive.io.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
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

    /**
     * Directories that this JVM owns. A lock file must not be opened twice: closing any channel of a file releases all
     * locks of the process on it.
     */
    private static final Set<Path> OWNED_HERE = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final Duration patience;
    private final PrivateFile factsFile;

    /** Servers that were started here, by name, in the order of their start. */
    private final SequencedMap<String, Started> servers = new LinkedHashMap<>();

    private @Nullable FileChannel lock;
    private boolean closed;

    private DataDirectory(Path path, Duration patience) {
        this.path = path;
        this.patience = patience;
        this.factsFile = new PrivateFile(path.resolve("servers.properties"));
    }

    /** Server that was started here, with the action that stops it. */
    record Started(int port, AutoCloseable stop) {}

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

    /**
     * Joins a running server, or starts it and publishes its port, and returns the port. A server is started once;
     * closing the directory stops it.
     *
     * @param name name of the server in the file of ports
     * @param isOurs checks that the listener of a port is the server of this directory
     * @param start starts the server; called if this process owns the directory and has not started it
     * @throws DataDirectoryException if another process owns the directory and its server does not respond in time
     */
    synchronized int run(String name, IntPredicate isOurs, Supplier<Started> start) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (!own()) {
            Properties owner = facts();
            String port = owner.getProperty(name + ".port", "");
            if (port.matches("\\d{1,5}") && isOurs.test(Integer.parseInt(port))) {
                return Integer.parseInt(port);
            }
            if (System.nanoTime() - deadline > 0) {
                throw new DataDirectoryException(
                        "Data directory %s is in use by another process (pid %s), %s; waited %d s for it. Run this again when that process has ended, with the same database and store settings as it has, or name another data directory"
                                .formatted(
                                        path,
                                        owner.getProperty("pid", "unknown"),
                                        port.isEmpty()
                                                ? "which runs no %s server".formatted(name)
                                                : "what listens here on 127.0.0.1:%s is not its %s server"
                                                        .formatted(port, name),
                                        patience.toSeconds()),
                        null);
            }
            pause(JOIN_PAUSE, "Data directory " + path + ": interrupted while waiting for its owner's servers");
        }
        Started here = servers.get(name);
        return here == null ? start(name, start) : here.port;
    }

    private int start(String name, Supplier<Started> start) {
        long began = System.nanoTime();
        Started server = start.get();
        servers.put(name, server);
        try {
            writeFacts();
        } catch (DataDirectoryException e) {
            stop(name);
            throw e;
        }
        log.info(
                "The {} server over {} listens on 127.0.0.1:{}, started in {} ms",
                name,
                path,
                server.port,
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
        return server.port;
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

    /** Closes the servers that were started here, the last one first, then releases the directory. Idempotent. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            stopAll();
        } finally {
            release();
        }
    }

    private void stopAll() {
        if (!servers.isEmpty()) {
            try {
                stop(servers.lastEntry().getKey());
            } finally {
                stopAll();
            }
        }
    }

    /** Hides a server from new guests, and stops it even if the thread is interrupted. */
    private void stop(String name) {
        Started server = Objects.requireNonNull(servers.remove(name));
        boolean interrupted = Thread.interrupted();
        try {
            writeFacts();
        } catch (DataDirectoryException e) {
            log.warn("Guests may still look for the {} server, which stops now", name, e);
        }
        try {
            server.stop.close();
        } catch (Exception e) {
            throw DataDirectoryException.of(path, "its %s server does not stop, %s".formatted(name, e.getMessage()), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Publishes the pid of this process, for messages, and the ports of its servers. */
    private void writeFacts() {
        Map<String, String> facts = new HashMap<>();
        facts.put("pid", String.valueOf(ProcessHandle.current().pid()));
        servers.forEach((name, server) -> facts.put(name + ".port", String.valueOf(server.port)));
        try {
            factsFile.writeProperties(facts);
        } catch (IOException e) {
            throw notWritable(path, e);
        }
    }

    /** Reads what the owner has published; empty if there is no such file, or it is invalid. */
    private Properties facts() {
        try {
            return factsFile.readProperties();
        } catch (IOException e) {
            return new Properties();
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

    private static Path usable(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        if (Files.exists(absolute) && !Files.isDirectory(absolute)) {
            throw DataDirectoryException.of(
                    absolute, "it is a file; move that away, or name another data directory", null);
        }
        try {
            Path real = Files.createDirectories(absolute, AtomicFile.PRIVATE_DIRECTORY)
                    .toRealPath();
            if (UNSAFE.matcher(real.toString()).find()) {
                throw DataDirectoryException.of(
                        real,
                        "PostgreSQL cannot be started from a path with quotes, dollar signs, backslashes or control characters; name another data directory",
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
}

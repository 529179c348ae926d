package io.github.notearchive.embedded;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.WRITE;

import io.github.notearchive.io.AtomicFile;
import io.github.notearchive.io.PrivateDirectory;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The directory that everything embedded lives in, opened either as its owner or as a guest of the process that owns
 * it.
 *
 * <p>The owner holds the lock on {@code lock} for its life and runs the servers; it tells their ports in
 * {@code servers.properties}, which it writes as a whole whenever one comes or goes. A guest uses the owner's servers
 * and stops nothing. A guest that finds the owner gone while it waits for a server becomes the owner.
 *
 * <p>A directory that is made here can be entered by its owner only. One that exists keeps its permissions, since it
 * may be anything; what is put into it is private in any case.
 */
public final class DataDirectory implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(DataDirectory.class);

    private static final Duration JOIN_PATIENCE = Duration.ofSeconds(30);
    private static final Duration JOIN_PAUSE = Duration.ofMillis(100);

    /** Characters that mean something to the shell by which PostgreSQL starts its server. */
    private static final Pattern UNSAFE = Pattern.compile("[\"'`$\\\\\\p{Cntrl}]");

    /** PostgreSQL's own limit for a path is 1024; this leaves room for the names below. */
    private static final int LONGEST_PATH = 800;

    /**
     * The directories that this JVM owns. It must never open a lock file a second time: closing any channel on a file
     * frees all locks that the process has on it.
     */
    private static final Set<Path> OWNED_HERE = ConcurrentHashMap.newKeySet();

    private final Path path;
    private final Duration patience;
    private final PrivateFile factsFile;
    private final Deque<AutoCloseable> servers = new ArrayDeque<>();
    private @Nullable FileChannel lock;
    private ServerFacts facts = ServerFacts.ofThisProcess();
    private boolean closed;

    private DataDirectory(Path path, Duration patience) {
        this.path = path;
        this.patience = patience;
        this.factsFile = new PrivateFile(path.resolve("servers.properties"));
    }

    /**
     * Opens the directory and makes it where it is missing. Does not wait: when another process owns it, the result is
     * {@link #joined() joined}.
     *
     * @throws DataDirectoryException when it is no directory, cannot be written to, or has a path that the servers
     *     cannot use
     */
    public static DataDirectory open(Path path) {
        return open(path, JOIN_PATIENCE);
    }

    static DataDirectory open(Path path, Duration patience) {
        var directory = new DataDirectory(usable(path), patience);
        boolean _ = directory.own();
        return directory;
    }

    /** Where it is: absolute, without symbolic links. */
    public Path path() {
        return path;
    }

    /** Is another process, or another part of this one, the owner? Can change to no, never back. */
    public synchronized boolean joined() {
        return lock == null;
    }

    /**
     * Closes the servers that were opened here, the last one first, then gives the directory up. Does nothing when
     * repeated.
     */
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
                if (failure == null) {
                    failure = new DataDirectoryException(subject(path) + e.getMessage(), e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        release();
        if (failure != null) {
            throw failure;
        }
    }

    /**
     * Finds the port of a running server, or the duty to start it.
     *
     * <p>The caller holds this object's monitor until it has {@linkplain #publish published} what it started, so that
     * no two parts of this process start the same server.
     *
     * @param server its name in the facts
     * @param isOurs whether what listens on a port is the server over this directory
     * @return the port of a server that runs already, or empty when this process owns the directory and the caller must
     *     start it
     * @throws DataDirectoryException when another process owns the directory and no such server of it answers in time
     */
    OptionalInt findRunning(String server, IntPredicate isOurs) {
        long deadline = System.nanoTime() + patience.toNanos();
        while (true) {
            if (own()) {
                return facts.port(server);
            }
            Optional<ServerFacts> owner = ServerFacts.read(factsFile);
            OptionalInt port = owner.filter(ServerFacts::writerLives)
                    .map(found -> found.port(server))
                    .orElse(OptionalInt.empty());
            if (port.isPresent() && isOurs.test(port.getAsInt())) {
                return port;
            }
            if (System.nanoTime() - deadline > 0) {
                throw inUse(server, owner, port);
            }
            pause();
        }
    }

    /** Tells guests where a server listens, and remembers to close it. */
    synchronized void publish(String server, int port, AutoCloseable toClose) {
        store(facts.with(server, port));
        servers.push(toClose);
    }

    /** Keeps new guests from a server that is about to stop; the stop goes on if that fails. */
    synchronized void withdraw(String server) {
        if (lock == null) {
            return;
        }
        try {
            store(facts.without(server));
        } catch (DataDirectoryException e) {
            log.warn("Guests may still look for the {} server, which stops now", server, e);
        }
    }

    static String subject(Path path) {
        return "Data directory " + path + ": ";
    }

    private void store(ServerFacts next) {
        facts = next;
        try {
            next.write(factsFile);
        } catch (IOException e) {
            throw notWritable(path, e);
        }
    }

    private synchronized boolean own() {
        if (closed) {
            throw new IllegalStateException(subject(path) + "it is closed already");
        }
        if (lock != null) {
            return true;
        }
        if (!OWNED_HERE.add(path)) {
            return false;
        }
        try {
            lock = tryLock();
            if (lock != null) {
                store(facts);
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
        return lock != null;
    }

    private @Nullable FileChannel tryLock() {
        try {
            FileChannel channel = FileChannel.open(path.resolve("lock"), Set.of(CREATE, WRITE), AtomicFile.OWNER_ONLY);
            try {
                if (channel.tryLock() != null) {
                    return channel;
                }
            } catch (OverlappingFileLockException e) {
                // the same program under another class loader of this JVM: held, like any other
            } catch (IOException e) {
                channel.close();
                throw e;
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
        String trouble;
        if (port.isPresent()) {
            trouble = "what listens on 127.0.0.1:%d is not its %s server".formatted(port.getAsInt(), server);
        } else if (owner.isPresent() && !owner.get().writerLives()) {
            trouble = "and it cannot be seen from here, as in another container";
        } else {
            trouble = "which runs no %s server".formatted(server);
        }
        return new DataDirectoryException(
                "Data directory %s is in use by another process (%s), %s; waited %d s for it. Run this again when that process has ended, with the same database and store settings as it has, or name another data directory"
                        .formatted(path, pid, trouble, patience.toSeconds()));
    }

    private void pause() {
        try {
            Thread.sleep(JOIN_PAUSE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataDirectoryException(subject(path) + "interrupted while waiting for its owner's servers", e);
        }
    }

    private static Path usable(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        if (Files.exists(absolute) && !Files.isDirectory(absolute)) {
            throw new DataDirectoryException(
                    subject(absolute) + "it is a file; move that away, or name another data directory");
        }
        Path real;
        try {
            real = PrivateDirectory.create(absolute).toRealPath();
        } catch (IOException e) {
            throw notWritable(absolute, e);
        }
        if (UNSAFE.matcher(real.toString()).find() || real.toString().length() > LONGEST_PATH) {
            throw new DataDirectoryException(subject(real)
                    + "PostgreSQL cannot be started from a path with quotes, dollar signs, backslashes or control characters, or with more than "
                    + LONGEST_PATH
                    + " characters; name another data directory");
        }
        if (isSwept(real)) {
            throw new DataDirectoryException(subject(real)
                    + "the PostgreSQL library deletes old directories in there; name another data directory");
        }
        return real;
    }

    /** The library removes any idle cluster that lies directly in its own working directory. */
    private static boolean isSwept(Path real) {
        Path working = Path.of(System.getProperty(
                "ot.epg.working-dir",
                Path.of(System.getProperty("java.io.tmpdir"), "embedded-pg").toString()));
        try {
            return Files.isDirectory(working) && Files.isSameFile(real, working);
        } catch (IOException e) {
            return real.equals(working.toAbsolutePath().normalize());
        }
    }

    private static DataDirectoryException notWritable(Path path, IOException cause) {
        return new DataDirectoryException(
                subject(path)
                        + "cannot be written to, "
                        + cause
                        + "; give this user the right and the room to write there, or name another data directory",
                cause);
    }
}

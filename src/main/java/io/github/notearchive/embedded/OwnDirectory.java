package io.github.notearchive.embedded;

import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import io.github.notearchive.io.files.AtomicFile;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Data directory whose servers run in this process. Thread-safe: servers may be started at the same time. */
final class OwnDirectory extends DataDirectory {

    private static final Logger log = LoggerFactory.getLogger(OwnDirectory.class);

    /**
     * Directories that this JVM owns. A lock file must not be opened twice: closing any channel of a file releases all
     * locks of the process on it.
     */
    private static final Set<Path> OWNED_HERE = ConcurrentHashMap.newKeySet();

    /** Servers by name, in the order of their start. */
    private final SequencedMap<String, Started> servers = new LinkedHashMap<>();

    /** What is published beside the ports. */
    private final Map<String, String> answers = new HashMap<>();

    private final FileChannel lock;
    private boolean closed;

    private OwnDirectory(Path path, FileChannel lock) {
        super(path);
        this.lock = lock;
    }

    /** Opens a usable directory; null if it has another owner. */
    static @Nullable OwnDirectory tryOpen(Path path) {
        if (!OWNED_HERE.add(path)) {
            return null;
        }
        OwnDirectory opened = null;
        try {
            FileChannel channel = FileChannel.open(path.resolve("lock"), Set.of(CREATE, WRITE), AtomicFile.OWNER_ONLY);
            if (channel.tryLock() == null) {
                channel.close();
                return null;
            }
            opened = new OwnDirectory(path, channel);
            opened.writeFacts();
            return opened;
        } catch (IOException e) {
            throw notWritable(path, e);
        } catch (DataDirectoryException e) {
            Objects.requireNonNull(opened).close();
            throw e;
        } finally {
            if (opened == null) {
                OWNED_HERE.remove(path);
            }
        }
    }

    static boolean isOwnedHere(Path path) {
        return OWNED_HERE.contains(path);
    }

    /** Returns whether a directory has an owner. Its owner may find the lock held by this query for a moment. */
    static boolean isOwned(Path path) {
        if (isOwnedHere(path)) {
            return true;
        }
        try (FileChannel channel =
                FileChannel.open(path.resolve("lock"), Set.of(CREATE, READ, WRITE), AtomicFile.OWNER_ONLY)) {
            return channel.tryLock(0, Long.MAX_VALUE, true) == null;
        } catch (IOException e) {
            throw notWritable(path, e);
        }
    }

    /** Starts a server unless it runs, and publishes its port. Others can be started meanwhile. */
    @Override
    int run(String name, IntPredicate isOurs, Supplier<Started> start) {
        Started running = running(name);
        if (running != null) {
            return running.port();
        }
        long began = System.nanoTime();
        Started server = start.get();
        synchronized (this) {
            servers.put(name, server);
            try {
                writeFacts();
            } catch (DataDirectoryException e) {
                stop(name);
                throw e;
            }
        }
        log.info(
                "The {} server over {} listens on 127.0.0.1:{}, started in {} ms",
                name,
                path(),
                server.port(),
                TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
        return server.port();
    }

    synchronized @Nullable Started running(String name) {
        if (closed) {
            throw new IllegalStateException("Data directory " + path() + ": it is closed already");
        }
        return servers.get(name);
    }

    synchronized void answer(String key, String value) {
        answers.put(key, value);
        try {
            writeFacts();
        } catch (DataDirectoryException e) {
            answers.remove(key);
            throw e;
        }
    }

    synchronized boolean isAnswered(String key) {
        return answers.containsKey(key);
    }

    /**
     * Hides the servers if nothing uses them.
     *
     * @return whether they may be stopped: a user that comes from now on waits for the next owner
     */
    synchronized boolean retire(BooleanSupplier isUsed) {
        if (isUsed.getAsBoolean()) {
            return false;
        }
        try {
            Files.deleteIfExists(factsFile.path());
        } catch (IOException e) {
            throw notWritable(path(), e);
        }
        if (isUsed.getAsBoolean()) { // it may have read the ports before
            writeFacts();
            return false;
        }
        return true;
    }

    /** Closes the servers, the last one first, then releases the directory. Idempotent. */
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

    /** Hides a server from new users, and stops it even if the thread is interrupted. */
    private void stop(String name) {
        Started server = Objects.requireNonNull(servers.remove(name));
        boolean interrupted = Thread.interrupted();
        try {
            writeFacts();
        } catch (DataDirectoryException e) {
            log.warn("Other processes may still look for the {} server, which stops now", name, e);
        }
        try {
            server.stop().close();
        } catch (Exception e) {
            throw DataDirectoryException.of(
                    path(), "its %s server does not stop, %s".formatted(name, e.getMessage()), e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Publishes the pid of this process, for messages, the ports of its servers, and the answers. */
    private void writeFacts() {
        Map<String, String> facts = new HashMap<>(answers);
        facts.put("pid", String.valueOf(ProcessHandle.current().pid()));
        servers.forEach((name, server) -> facts.put(name + ".port", String.valueOf(server.port())));
        try {
            factsFile.writeProperties(facts);
        } catch (IOException e) {
            throw notWritable(path(), e);
        }
    }

    private void release() {
        try (lock) {
            Files.deleteIfExists(factsFile.path());
        } catch (IOException e) {
            throw notWritable(path(), e);
        } finally {
            OWNED_HERE.remove(path());
        }
    }
}

package io.github.notearchive.embedded;

import io.github.notearchive.io.files.AtomicFile;
import io.github.notearchive.io.time.Deadline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Data directory of the embedded servers: owned by this process, which runs them, or shared with others, whose servers
 * run in a {@linkplain ServersProcess process} of the directory.
 *
 * <p>The owner holds a lock on the file {@code lock}. It publishes the ports of the servers in
 * {@code servers.properties}, replaced atomically at each change.
 *
 * <p>A created directory is accessible by its user only. An existing directory keeps its permissions; files in it are
 * private.
 */
public abstract sealed class DataDirectory implements AutoCloseable permits OwnDirectory, SharedDirectory {

    /** Longer than servers need to stop. */
    static final Duration STOP_PATIENCE = Duration.ofSeconds(60);

    static final String NO_SPACE = "No space left on device";

    private static final Duration PAUSE = Duration.ofMillis(20);

    /** Space for lock file, log and statistics; the first segment of the log of PostgreSQL has 16 MB. */
    private static final long LEAST_SPACE = 1 << 20;

    /** Characters with a meaning in the shell that starts PostgreSQL. */
    private static final Pattern UNSAFE = Pattern.compile("[\"'`$\\\\\\p{Cntrl}]");

    /** Whether the S3 server that runs here answers a write only after it is on the disk. */
    final AtomicBoolean syncsStore = new AtomicBoolean();

    final PrivateFile factsFile;
    final DirectoryUsers users;
    private final Path path;

    DataDirectory(Path path) {
        this.path = path;
        this.factsFile = new PrivateFile(path.resolve("servers.properties"));
        this.users = new DirectoryUsers(path.resolve("users"));
    }

    /** Server that was started here, with the action that stops it. */
    record Started(int port, AutoCloseable stop) {}

    /**
     * Opens the directory as its owner and creates it if it is missing. Servers run in this process; closing the
     * directory stops them. Waits for servers that stop because their last user has ended.
     *
     * @throws DataDirectoryException if it has another owner, is not a directory, is not writable, or has a path that
     *     the servers cannot use
     */
    public static DataDirectory open(Path path) {
        Path usable = usable(path);
        Deadline deadline = Deadline.in(STOP_PATIENCE);
        OwnDirectory own = OwnDirectory.tryOpen(usable);
        while (own == null) {
            List<DirectoryUsers.DirectoryUser> users = new DirectoryUsers(usable.resolve("users")).alive();
            if (!users.isEmpty() || OwnDirectory.isOwnedHere(usable) || deadline.isOver()) {
                throw of(usable, "it is in use" + describe(users) + "; end that first, or name another data directory");
            }
            pause("Data directory " + usable + ": interrupted while waiting for its servers to stop");
            own = OwnDirectory.tryOpen(usable);
        }
        return own;
    }

    /**
     * Opens the directory as one of its users and creates it if it is missing. Starts nothing: the process of the
     * directory starts a server when its first user needs it, and ends after the last user, however that ended.
     *
     * @throws DataDirectoryException if it is not a directory, is not writable, or has a path that the servers cannot
     *     use
     */
    public static DataDirectory share(Path path) {
        return new SharedDirectory(usable(path));
    }

    private static DataDirectoryException of(Path path, String problem) {
        return DataDirectoryException.of(path, problem, null);
    }

    static String describe(List<DirectoryUsers.DirectoryUser> users) {
        return users.isEmpty()
                ? ""
                : " by " + users.stream().map(Object::toString).collect(Collectors.joining(", "));
    }

    /** Returns the absolute path without symbolic links. */
    public final Path path() {
        return path;
    }

    /**
     * Returns the port of a running server, which is started first if it is not running.
     *
     * @param name name of the server in the file of ports
     * @param isOurs checks that the listener of a port is the server of this directory
     * @param start starts the server in this process
     * @throws DataDirectoryException if it does not start
     */
    abstract int run(String name, IntPredicate isOurs, Supplier<Started> start);

    @Override
    public abstract void close();

    /** Reads what the owner has published; empty if there is no such file, or it is invalid. */
    final Properties facts() {
        try {
            return factsFile.readProperties();
        } catch (IOException e) {
            return new Properties();
        }
    }

    /** Waits shortly; if interrupted, fails with this message and keeps the thread interrupted. */
    static void pause(String ifInterrupted) {
        pause(PAUSE, ifInterrupted);
    }

    static void pause(Duration time, String ifInterrupted) {
        try {
            Thread.sleep(time);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DataDirectoryException(ifInterrupted, e);
        }
    }

    /** Returns whether the file system has no space left for servers. */
    static boolean isFull(Path path) {
        try {
            return Files.getFileStore(path).getUsableSpace() < LEAST_SPACE;
        } catch (IOException e) {
            return false; // the next write reports the error
        }
    }

    private static Path usable(Path path) {
        Path absolute = path.toAbsolutePath().normalize();
        if (Files.exists(absolute) && !Files.isDirectory(absolute)) {
            throw of(absolute, "it is a file; move that away, or name another data directory");
        }
        try {
            Path real = Files.createDirectories(absolute, AtomicFile.PRIVATE_DIRECTORY)
                    .toRealPath();
            if (UNSAFE.matcher(real.toString()).find()) {
                throw of(
                        real,
                        "PostgreSQL cannot be started from a path with quotes, dollar signs, backslashes or control "
                                + "characters; name another data directory");
            }
            return real;
        } catch (IOException e) {
            throw notWritable(absolute, e);
        }
    }

    static DataDirectoryException notWritable(Path path, IOException cause) {
        String problem =
                ("cannot be written to, %s; give this user the right and the room to write there, or name another data "
                                + "directory")
                        .formatted(cause);
        return isFull(path)
                ? DataDirectoryException.diskFull(path, problem, cause)
                : DataDirectoryException.of(path, problem, cause);
    }
}

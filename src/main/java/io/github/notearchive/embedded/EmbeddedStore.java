package io.github.notearchive.embedded;

import io.github.notearchive.io.PrivateDirectory;
import io.minio.MinioClient;
import io.minio.errors.ErrorResponseException;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * S3 server of the data directory, run by this process or by the owner of the directory.
 *
 * <p>An object is a file {@code s3/<bucket>/<key>}; its type, digest and metadata are extended attributes, so that a
 * copy of the directory needs {@code cp -a} or similar. The server listens on 127.0.0.1 only, on another port at each
 * start. Its keys are created once and stored in {@code s3.credentials}, readable by its owner only. It has no buckets
 * at first. The region is {@code us-east-1}.
 */
public final class EmbeddedStore implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedStore.class);

    private static final String NAME = "s3";
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(3);
    private static final int THREADS = 32;

    private final DataDirectory directory;
    private final int port;
    private final Credentials credentials;
    private final @Nullable S3Proxy server;
    private final AtomicBoolean closed = new AtomicBoolean();

    private EmbeddedStore(DataDirectory directory, int port, Credentials credentials, @Nullable S3Proxy server) {
        this.directory = directory;
        this.port = port;
        this.credentials = credentials;
        this.server = server;
    }

    /**
     * Starts the server or joins the running one. Starting takes about a second and first removes unfinished uploads of
     * a killed process. Joining removes nothing and waits up to 30 s for the server of the owner.
     *
     * @throws DataDirectoryException if it does not start, the file system has no extended attributes, or the owner
     *     runs no such server
     */
    public static EmbeddedStore open(DataDirectory directory) {
        synchronized (directory) {
            var keys = new PrivateFile(directory.path().resolve("s3.credentials"));
            OptionalInt running = directory.findRunning(NAME, port -> answersOn(port, keys, directory));
            try {
                return running.isPresent()
                        ? new EmbeddedStore(directory, running.getAsInt(), Credentials.read(keys), null)
                        : start(directory, Credentials.readOrGenerate(keys));
            } catch (IOException e) {
                throw failed(directory, e);
            }
        }
    }

    /** {@code http://127.0.0.1:<port>}, without a path. */
    public URI endpoint() {
        return endpointOn(port);
    }

    public String accessKey() {
        return credentials.accessKey();
    }

    public String secretKey() {
        return credentials.secretKey();
    }

    /** Returns whether another process runs the server, so that closing this does not stop it. */
    public boolean joined() {
        return server == null;
    }

    /**
     * Checks that the server can write the objects of a bucket: its folder and those of files and sidecars in it are
     * writable directories. Does not check the thousands of folders below.
     *
     * @throws IOException if it cannot; the message names the folder and the reason
     */
    public void requireWritable(String bucket) throws IOException {
        for (String area : List.of("", "media", "notes")) {
            Path folder = directory.path().resolve("s3").resolve(bucket).resolve(area);
            if (!area.isEmpty() && !Files.exists(folder)) {
                continue;
            }
            if (!Files.isDirectory(folder)) {
                throw new IOException(folder + " is no directory; move it away");
            }
            if (!Files.isWritable(folder)) {
                throw new IOException("%s is not writable for user %s; give this user the right to write there"
                        .formatted(folder, System.getProperty("user.name")));
            }
        }
    }

    /**
     * Stops a server that was started here; requests in progress are aborted after five seconds. Does nothing if
     * repeated or joined.
     */
    @Override
    public void close() {
        if (server == null || closed.getAndSet(true)) {
            return;
        }
        directory.withdraw(NAME);
        stop(server, directory);
    }

    private static EmbeddedStore start(DataDirectory directory, Credentials credentials) throws IOException {
        long began = System.nanoTime();
        Path root = directory.path().resolve("s3");
        PrivateDirectory.create(root);
        requireExtendedAttributes(root, directory);
        int swept = UnfinishedUploads.sweep(root);
        if (swept > 0) {
            log.info("Swept {} files of unfinished uploads under {}", swept, root);
        }
        S3Proxy server = S3Proxy.builder()
                .blobStore(new FilesystemNio2BlobStore(root.toString()))
                .endpoint(endpointOn(0))
                .awsAuthentication(AuthenticationType.AWS_V4, credentials.accessKey(), credentials.secretKey())
                .ignoreUnknownHeaders(true)
                .jettyMaxThreads(THREADS)
                .stopTimeout(STOP_PATIENCE.toMillis())
                .build();
        try {
            server.start();
            var store = new EmbeddedStore(directory, server.getPort(), credentials, server);
            directory.publish(NAME, server.getPort(), store);
            log.info(
                    "S3 server over {} listens on 127.0.0.1:{}, started in {} ms",
                    root,
                    server.getPort(),
                    TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
            return store;
        } catch (Exception e) {
            try {
                stop(server, directory);
            } catch (DataDirectoryException afterwards) {
                e.addSuppressed(afterwards);
            }
            throw e instanceof DataDirectoryException known ? known : failed(directory, e);
        }
    }

    private static void stop(S3Proxy server, DataDirectory directory) {
        boolean interrupted = Thread.interrupted();
        try {
            server.stop();
        } catch (Exception e) {
            throw DataDirectoryException.of(
                    directory.path(), "its S3 server does not stop, " + e + "; it ends with this process", e);
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /**
     * Returns whether the server on this port is that of the directory: it must accept the secret keys and reject wrong
     * ones. A signature does not reveal a key.
     */
    private static boolean answersOn(int port, PrivateFile keys, DataDirectory directory) {
        try {
            Credentials ours = Credentials.read(keys);
            return accepts(port, ours) && !accepts(port, new Credentials(ours.accessKey(), "not-the-secret"));
        } catch (IOException e) {
            log.debug("What listens on 127.0.0.1:{} is not the S3 server over {}", port, directory.path(), e);
            return false;
        }
    }

    @SuppressWarnings("try") // close() declares Exception; every exception is handled
    private static boolean accepts(int port, Credentials credentials) throws IOException {
        try (MinioClient client = MinioClient.builder()
                .endpoint(endpointOn(port).toString())
                .region("us-east-1")
                .credentials(credentials.accessKey(), credentials.secretKey())
                .build()) {
            long patience = PROBE_PATIENCE.toMillis();
            client.setTimeout(patience, patience, patience);
            client.listBuckets();
            return true;
        } catch (ErrorResponseException e) {
            return false;
        } catch (Exception e) {
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
            throw new IOException(e);
        }
    }

    private static void requireExtendedAttributes(Path root, DataDirectory directory) {
        try {
            UserDefinedFileAttributeView view = Files.getFileAttributeView(root, UserDefinedFileAttributeView.class);
            if (view == null) {
                throw new IOException("no such view");
            }
            int _ = view.write("note-archive.probe", ByteBuffer.wrap(new byte[] {1}));
            view.delete("note-archive.probe");
        } catch (IOException e) {
            throw DataDirectoryException.of(
                    directory.path(),
                    "its file system takes no extended attributes, which hold the digests of objects, %s; put it on another one (ext4, xfs, btrfs, apfs), or set an S3 store of your own"
                            .formatted(e),
                    e);
        }
    }

    private static URI endpointOn(int port) {
        return URI.create("http://127.0.0.1:" + port);
    }

    private static DataDirectoryException failed(DataDirectory directory, Exception cause) {
        return DataDirectoryException.of(
                directory.path(),
                "its S3 server does not start, " + cause + "; see to that, or set an S3 store of your own",
                cause);
    }

    /** The pair of keys that the embedded S3 server accepts. */
    record Credentials(String accessKey, String secretKey) {

        static Credentials read(PrivateFile file) throws IOException {
            Properties keys = file.readProperties();
            var read = new Credentials(keys.getProperty("access-key", ""), keys.getProperty("secret-key", ""));
            if (read.accessKey.isBlank() || read.secretKey.isBlank()) {
                throw new IOException(file.path() + " does not hold both keys; delete it and a new pair is made");
            }
            return read;
        }

        /** Reads the pair, or generates one and stores it if there is none. */
        static Credentials readOrGenerate(PrivateFile file) throws IOException {
            if (file.readProperties().isEmpty()) {
                String accessKey = PrivateFile.random(10).toUpperCase(Locale.ROOT);
                file.writeProperties(Map.of("access-key", accessKey, "secret-key", PrivateFile.random(20)));
            }
            return read(file);
        }

        @Override
        public String toString() {
            return "Credentials[" + accessKey + ", ***]";
        }
    }
}

package io.github.notearchive.embedded;

import io.github.notearchive.io.files.AtomicFile;
import io.minio.MinioClient;
import io.minio.errors.ErrorResponseException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.function.BiPredicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gaul.s3proxy.S3Proxy;
import org.gaul.s3proxy.auth.AuthenticationType;
import org.gaul.s3proxy.blobstore.BlobStore;
import org.gaul.s3proxy.nio2blob.FilesystemNio2BlobStore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * S3 server of the data directory, run by its owner.
 *
 * <p>An object is a file {@code s3/<bucket>/<key>}; its type, digest and metadata are extended attributes, so that a
 * copy of the directory needs {@code cp -a} or similar. The server listens on 127.0.0.1 only, on another port at each
 * start. Its keys are created once and stored in {@code s3.credentials}, readable by its owner only. It has no buckets
 * at first. The region is {@code us-east-1}.
 */
public final class EmbeddedStore {

    private static final Logger log = LoggerFactory.getLogger(EmbeddedStore.class);

    static final String NAME = "s3";

    /** The same server, which answers a write only after it is on the disk. */
    static final String SYNCED = "s3.sync";

    private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);
    private static final Duration PROBE_PATIENCE = Duration.ofSeconds(3);
    private static final int THREADS = 32;

    /** Name of an unfinished upload: {@code <key>-<uuid>}, which the server renames. No object has such a key. */
    private static final Pattern UNFINISHED = Pattern.compile(
            "[^/]+/((media|notes|forgotten|reports|check|fixity-probe)/.+|archive\\.json|probe(-payload)?)"
                    + "-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");

    private final Path home;
    private final PrivateFile keyFile;
    private final DataDirectory directory;
    private final int port;
    private final Properties keys;

    /**
     * Starts the server unless it runs. Starting takes about a second and first removes unfinished uploads of a killed
     * process. Closing the directory of its owner stops it; requests in progress are aborted after five seconds.
     *
     * @param sync whether the server answers a write only after it is on the disk, from now on and to all its clients
     * @throws DataDirectoryException if it does not start, or the file system has no extended attributes
     */
    public EmbeddedStore(DataDirectory directory, boolean sync) {
        home = directory.path();
        this.directory = directory;
        keyFile = new PrivateFile(home.resolve("s3.credentials"));
        int started = directory.run(NAME, this::answersOn, this::start);
        port = sync ? directory.run(SYNCED, port -> port == started, () -> synced(started)) : started;
        try {
            keys = readKeys();
        } catch (IOException e) {
            throw failed(e);
        }
    }

    /** {@code http://127.0.0.1:<port>}, without a path. */
    public URI endpoint() {
        return endpointOn(port);
    }

    public String accessKey() {
        return keys.getProperty("access-key", "");
    }

    public String secretKey() {
        return keys.getProperty("secret-key", "");
    }

    /**
     * Checks that the server can write the objects of a bucket: its folder and those of files and sidecars in it are
     * writable directories. Does not check the thousands of folders below.
     *
     * @throws IOException if it cannot; the message names the folder and the reason
     */
    public void requireWritable(String bucket) throws IOException {
        for (String area : List.of("", "media", "notes")) {
            Path folder = root().resolve(bucket).resolve(area);
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

    private Path root() {
        return home.resolve("s3");
    }

    private DataDirectory.Started synced(int port) {
        directory.syncsStore.set(true);
        return new DataDirectory.Started(port, () -> {});
    }

    private DataDirectory.Started start() {
        try {
            if (keyFile.readProperties().isEmpty()) {
                String accessKey = PrivateFile.random(10).toUpperCase(Locale.ROOT);
                keyFile.writeProperties(Map.of("access-key", accessKey, "secret-key", PrivateFile.random(20)));
            }
            Properties pair = readKeys();
            Files.createDirectories(root(), AtomicFile.PRIVATE_DIRECTORY);
            requireExtendedAttributes();
            int swept = sweepUnfinishedUploads();
            if (swept > 0) {
                log.info("Swept {} files of unfinished uploads under {}", swept, root());
            }
            BlobStore files = new FilesystemNio2BlobStore(root().toString());
            S3Proxy server = S3Proxy.builder()
                    .blobStore(new SyncedBlobStore(files, root(), directory.syncsStore::get))
                    .endpoint(endpointOn(0))
                    .awsAuthentication(
                            AuthenticationType.AWS_V4, pair.getProperty("access-key"), pair.getProperty("secret-key"))
                    .ignoreUnknownHeaders(true)
                    .jettyMaxThreads(THREADS)
                    .stopTimeout(STOP_PATIENCE.toMillis())
                    .build();
            server.start();
            return new DataDirectory.Started(server.getPort(), server::stop);
        } catch (Exception e) {
            throw failed(e);
        }
    }

    /**
     * Deletes the files that a killed server left of unfinished uploads, which it would list as objects. No server uses
     * the directory: an upload in progress looks the same. Files of keys that are not of the archive are kept.
     */
    private int sweepUnfinishedUploads() throws IOException {
        BiPredicate<Path, BasicFileAttributes> isUnfinished = (path, attributes) -> attributes.isRegularFile()
                && UNFINISHED.matcher(root().relativize(path).toString()).matches();
        List<Path> unfinished;
        try (Stream<Path> paths = Files.find(root(), Integer.MAX_VALUE, isUnfinished)) {
            unfinished = paths.toList();
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
        for (Path file : unfinished) {
            Files.delete(file);
        }
        return unfinished.size();
    }

    /**
     * Returns whether the server on this port is that of the directory: it must accept the secret keys and reject wrong
     * ones. A signature does not reveal a key.
     */
    private boolean answersOn(int port) {
        try {
            Properties ours = readKeys();
            String accessKey = ours.getProperty("access-key");
            return accepts(port, accessKey, ours.getProperty("secret-key"))
                    && !accepts(port, accessKey, "not-the-secret");
        } catch (IOException e) {
            log.debug("What listens on 127.0.0.1:{} is not the S3 server over {}", port, home, e);
            return false;
        }
    }

    @SuppressWarnings("try") // close() declares Exception; every exception is handled
    private static boolean accepts(int port, String accessKey, String secretKey) throws IOException {
        try (MinioClient client = MinioClient.builder()
                .endpoint(endpointOn(port).toString())
                .region("us-east-1")
                .credentials(accessKey, secretKey)
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

    private void requireExtendedAttributes() throws IOException {
        try {
            UserDefinedFileAttributeView view = Files.getFileAttributeView(root(), UserDefinedFileAttributeView.class);
            if (view == null) {
                throw new IOException("no such view");
            }
            int _ = view.write("note-archive.probe", ByteBuffer.wrap(new byte[] {1}));
            view.delete("note-archive.probe");
        } catch (IOException e) {
            throw new IOException(
                    "its file system takes no extended attributes (ext4, xfs, btrfs and apfs do), " + e, e);
        }
    }

    private static URI endpointOn(int port) {
        return URI.create("http://127.0.0.1:" + port);
    }

    private DataDirectoryException failed(Exception cause) {
        String problem = "its S3 server does not start, " + cause + "; see to that, or set an S3 store of your own";
        return DataDirectoryException.of(home, problem, cause);
    }

    /** Reads the pair of keys that the server accepts: {@code access-key} and {@code secret-key}. */
    private Properties readKeys() throws IOException {
        Properties read = keyFile.readProperties();
        if (read.getProperty("access-key", "").isBlank()
                || read.getProperty("secret-key", "").isBlank()) {
            throw new IOException(keyFile.path() + " does not hold both keys; delete it and a new pair is made");
        }
        return read;
    }
}

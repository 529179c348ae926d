package io.github.notearchive.store;

import io.github.notearchive.store.ObjectPut.RefusedException;
import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.RemoveObjectArgs;
import io.minio.Result;
import io.minio.StatObjectArgs;
import io.minio.StatObjectResponse;
import io.minio.UploadObjectArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import okhttp3.ConnectionPool;
import okhttp3.Dispatcher;
import okhttp3.Headers;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The bucket that holds the archive.
 *
 * <p>Every request is safe to repeat, so trouble that may pass is tried again here, {@code archive.store.tries} times
 * in all, within about two seconds of waiting; what then fails is a {@link StoreException}. A put that fails half-way
 * leaves either nothing or the whole object. Bytes on the disk are sent from there, without a copy of them in memory.
 * Safe for use by many threads.
 */
public class ObjectStore implements AutoCloseable {

    /** HTTP: no attempt will succeed. */
    private static final int NOT_IMPLEMENTED = 501;

    private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

    /** What S3 takes in one request, in bytes. */
    private static final long MOST_AT_ONCE = 5L << 30;

    /** Of a longer object; the store's client has a whole part in memory. */
    private static final long PART_SIZE = 16L << 20;

    static final String SHA256 = "sha256";
    private static final String WRONG_BYTES = "WrongBytes";
    private static final String NOT_WRITABLE = "NotWritable";
    private static final Duration FIRST_PAUSE = Duration.ofMillis(250);

    /**
     * A store that says a byte now and then is never silent, so a whole request has its limit too. One that carries an
     * object has the more time the longer that is.
     */
    private static final int CALL_LASTS = 10;

    /** For an object of whatever length, and for an answer of which only the headers drip. */
    private static final Duration LONGEST_READ = Duration.ofHours(6);

    private static final Duration PROMPT = Duration.ofSeconds(2);

    private static final int CONNECTIONS = 128;

    private static final Pattern MD5 = Pattern.compile("[0-9a-f]{32}");
    private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");

    /** An object that is never there: asking for it shows whether the store answers. */
    private static final ObjectKey NEVER_THERE = new ObjectKey("never-there");

    /** An object of no meaning: writing it shows whether the store takes anything. */
    private static final ObjectKey PROBE = new ObjectKey("probe");

    private static final byte[] PROBE_BYTES = {'?'};

    private static final Set<String> BUSY = Set.of(
            "SlowDown",
            "RequestTimeout",
            "RequestTimeTooSlow",
            "InternalError",
            "ServiceUnavailable",
            "OperationAborted",
            "IncompleteBody",
            "BadDigest");

    private final StoreProperties properties;
    private final Folder folder;
    private final MinioClient client;

    /** For answers that carry an object. */
    private final MinioClient objects;

    /** For requests of at most {@link #PROMPT}. */
    private final MinioClient prompt;

    private final ObjectPut put;
    private final long mostAtOnce;
    private final ReentrantLock inParts = new ReentrantLock();

    public ObjectStore(StoreProperties properties) {
        this(properties, MOST_AT_ONCE);
    }

    /** For a store whose server keeps its objects in a folder that this process can look at. */
    public ObjectStore(StoreProperties properties, Folder folder) {
        this(properties, MOST_AT_ONCE, folder);
    }

    /** For a store that takes no more than so many bytes in one request. */
    ObjectStore(StoreProperties properties, long mostAtOnce) {
        this(properties, mostAtOnce, _ -> {});
    }

    private ObjectStore(StoreProperties properties, long mostAtOnce, Folder folder) {
        this.properties = properties;
        this.folder = folder;
        this.mostAtOnce = mostAtOnce;
        OkHttpClient http = httpClient(properties);
        this.client = client(properties, http, true);
        this.objects =
                client(properties, http.newBuilder().callTimeout(LONGEST_READ).build(), false);
        this.prompt = client(properties, http.newBuilder().callTimeout(PROMPT).build(), false);
        this.put = new ObjectPut(properties, callLasts(properties), CONNECTIONS);
    }

    private static MinioClient client(StoreProperties properties, OkHttpClient http, boolean closesIt) {
        return MinioClient.builder()
                .endpoint(properties.endpoint().strip())
                .region(properties.region())
                .credentials(properties.accessKey(), properties.secretKey().value())
                .httpClient(http, closesIt)
                .build();
    }

    private static Duration callLasts(StoreProperties properties) {
        return properties.socketTimeout().multipliedBy(CALL_LASTS);
    }

    /** Makes sure that the bucket is there, and makes it if that is allowed. */
    public void ensureBucket() {
        String bucket = properties.bucket();
        if (hasBucket()) {
            return;
        }
        if (!properties.createBucket()) {
            throw noSuchBucket("create it, or set archive.store.create-bucket");
        }
        persistently("bucket creation", null, () -> {
            try {
                client.makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
            } catch (ErrorResponseException e) {
                // another node was faster, or an earlier try did get through
                if (!"BucketAlreadyOwnedByYou".equals(e.errorResponse().code())) {
                    throw e;
                }
            }
            return bucket;
        });
    }

    /**
     * Makes sure that the bucket is there, and makes none: an empty one would look as if all that was in it were gone.
     */
    public void requireBucket() {
        if (!hasBucket()) {
            throw noSuchBucket("nothing was ever stored there, or archive.store.bucket names another one");
        }
    }

    /** Whether the bucket is there; makes none. */
    public boolean hasBucket() {
        return persistently(
                "bucket look-up",
                null,
                () -> client.bucketExists(
                        BucketExistsArgs.builder().bucket(properties.bucket()).build()));
    }

    private StoreException noSuchBucket(String advice) {
        return StoreException.refused(
                "NoSuchBucket", subject("bucket look-up", null) + ": there is no such bucket; " + advice);
    }

    /** What time it is by the store's own clock, to the second; empty when its answers do not say. */
    public Optional<Instant> time() {
        return persistently("HEAD", NEVER_THERE, () -> {
            try {
                return date(client.statObject(StatObjectArgs.builder()
                                .bucket(properties.bucket())
                                .object(NEVER_THERE.value())
                                .build())
                        .headers());
            } catch (ErrorResponseException e) {
                if (StoreException.ABSENT.contains(e.errorResponse().code())) {
                    return date(e.response().headers());
                }
                throw e;
            }
        });
    }

    private static Optional<Instant> date(Headers headers) {
        return Optional.ofNullable(headers.getInstant("Date"));
    }

    /** Whether the store answers at all, for our account and about our bucket. */
    public boolean answers() {
        try {
            return stat(NEVER_THERE).isEmpty();
        } catch (StoreException e) {
            return false;
        }
    }

    /** Where the server of a store keeps its objects, as far as that is known. */
    @FunctionalInterface
    public interface Folder {

        /**
         * Makes sure that objects of a bucket can be written.
         *
         * @throws IOException when they cannot; its message names the path and the reason
         */
        void requireWritable(String bucket) throws IOException;
    }

    /**
     * Makes sure that the store takes something, before anything is bought for it: writes the object {@code probe}, of
     * one byte, and removes it. One that cannot be removed stays, since an account need not have the right to remove.
     */
    public void requireTaking() {
        try {
            folder.requireWritable(properties.bucket());
        } catch (IOException e) {
            throw StoreException.refused(
                    NOT_WRITABLE,
                    subject("PUT", PROBE) + ": the embedded S3 server cannot write there, " + e.getMessage());
        }
        StoredObject _ = putBytes(PROBE, PROBE_BYTES, "text/plain");
        try {
            remove(PROBE.value());
        } catch (StoreException e) {
            log.debug("The object {} stays in the store: {}", PROBE, e.getMessage());
        }
    }

    /**
     * Whether the store takes anything: a full one, or one that lets us read only, answers every question and takes
     * nothing. Writes the object {@code probe}, of one byte, which stays.
     */
    public boolean takes() {
        try {
            putBytes(PROBE, PROBE_BYTES, "text/plain");
            return true;
        } catch (StoreException e) {
            return false;
        }
    }

    /**
     * Puts an object, and returns when the store has shown that it holds it.
     *
     * @param sha256 of the bytes in lower-case hexadecimal, kept with the object
     */
    public StoredObject put(ObjectKey key, ObjectBytes bytes, String contentType, String sha256) {
        if (bytes instanceof ObjectBytes.OnDisk(var file) && bytes.size() > mostAtOnce) {
            return putInParts(key, file, bytes, contentType, sha256);
        }
        return persistently("PUT", key, () -> {
            ObjectPut.Receipt receipt = put.send(key, bytes, contentType, sha256);
            return receipt.isConfirmed()
                    ? new StoredObject(key, bytes.size(), bare(receipt.etag()), contentType, sha256)
                    : verified(key, receipt.etag(), bytes, contentType, sha256, receipt.isSigned());
        });
    }

    /** One object at a time, for the memory that its parts take. */
    private StoredObject putInParts(ObjectKey key, Path file, ObjectBytes bytes, String contentType, String sha256) {
        return persistently("PUT", key, () -> {
            String etag;
            inParts.lock();
            try {
                etag = client.uploadObject(UploadObjectArgs.builder()
                                .bucket(properties.bucket())
                                .object(key.value())
                                .filename(file.toString(), PART_SIZE)
                                .contentType(contentType)
                                .userMetadata(Map.of(SHA256, sha256))
                                .build())
                        .etag();
            } finally {
                inParts.unlock();
            }
            return verified(key, etag, bytes, contentType, sha256, true);
        });
    }

    /** Puts bytes, and returns when the store has shown that it holds them. */
    public StoredObject putBytes(ObjectKey key, byte[] bytes, String contentType) {
        return put(key, new ObjectBytes.InMemory(bytes), contentType, DigestUtils.sha256Hex(bytes));
    }

    /** What the store has under this key; empty when it has nothing. */
    public Optional<StoredObject> stat(ObjectKey key) {
        return persistently("HEAD", key, () -> statOnce(key));
    }

    /**
     * The bytes under this key, as they come; the caller closes them. There being none is a {@link StoreException} with
     * code {@code NoSuchKey}; a connection that is lost later, the stream's {@link IOException}.
     */
    public InputStream open(ObjectKey key) {
        return persistently("GET", key, () -> timely(openOnce(key)));
    }

    /**
     * Passes the bytes under this key, as they come, to a reader, which is called anew for each try. There being none
     * is a {@link StoreException} that is {@link StoreException#absent}. What the reader throws, but for an
     * {@link IOException}, ends it.
     */
    public <T> T read(ObjectKey key, BytesReader<T> reader) {
        return persistently("GET", key, () -> {
            try (GetObjectResponse in = openOnce(key)) {
                return reader.read(timely(in), Optional.ofNullable(in.headers().get("x-amz-meta-" + SHA256)));
            }
        });
    }

    /**
     * An address from which anybody can fetch an object until it expires, whether or not there is one. It is signed
     * with our account, so it is a credential; asking for it sends nothing.
     *
     * @param goodFor from a second to a week, which is the most that S3 allows
     */
    public URI presign(ObjectKey key, Duration goodFor) {
        try {
            return URI.create(client.getPresignedObjectUrl(GetPresignedObjectUrlArgs.builder()
                    .method(Http.Method.GET)
                    .bucket(properties.bucket())
                    .object(key.value())
                    .expiry(Math.toIntExact(goodFor.toSeconds()))
                    .build()));
        } catch (MinioException e) {
            throw failure("PRESIGN", key, e);
        }
    }

    /** What is done with the bytes of an object. */
    @FunctionalInterface
    public interface BytesReader<T> {

        /**
         * Does it.
         *
         * @param in the bytes as they come; need not be read to the end
         * @param sha256 the SHA-256 as it was put; empty for objects that others put
         */
        T read(InputStream in, Optional<String> sha256) throws IOException;
    }

    /** All bytes under this key; for small objects, since they are held in memory. */
    public byte[] read(ObjectKey key) {
        return persistently("GET", key, () -> {
            try (InputStream in = timely(openOnce(key))) {
                return in.readAllBytes();
            }
        });
    }

    /**
     * The objects whose keys begin so, in order of their keys, fetched page by page as the stream is read. Names that
     * are no {@link ObjectKey} are not ours and are left out. Pages are asked for once: trouble half-way ends the
     * stream with a {@link StoreException}.
     */
    public Stream<StoredObject> list(String prefix) {
        return items(prefix, null).flatMap(item -> listed(item).stream());
    }

    /**
     * The same with every name that there is, also such as are not ours.
     *
     * @param after the name after which to begin; null for the first
     */
    public Stream<ListedObject> listAll(String prefix, @Nullable String after) {
        return items(prefix, after)
                .map(item -> new ListedObject(
                        item.objectName(), item.size(), item.lastModified().toInstant()));
    }

    /** When an object was last put, by the store's clock; empty when there is none. */
    public Optional<Instant> lastModified(String name) {
        return persistently("HEAD", null, () -> {
            try {
                return Optional.of(client.statObject(StatObjectArgs.builder()
                                .bucket(properties.bucket())
                                .object(name)
                                .build())
                        .lastModified()
                        .toInstant());
            } catch (ErrorResponseException e) {
                if (StoreException.ABSENT.contains(e.errorResponse().code())) {
                    return Optional.empty();
                }
                throw e;
            }
        });
    }

    /**
     * Removes an object; there being none is no error. Asked for once, since a removal that is repeated later may meet
     * another object of that name.
     */
    public void remove(String name) {
        remove(name, client);
    }

    /** As {@link #remove}, but within {@link #PROMPT}, for a caller that holds a lock. */
    public void removePromptly(String name) {
        remove(name, prompt);
    }

    private void remove(String name, MinioClient by) {
        try {
            by.removeObject(RemoveObjectArgs.builder()
                    .bucket(properties.bucket())
                    .object(name)
                    .build());
        } catch (MinioException e) {
            throw failure("DELETE " + name, null, e);
        } catch (IllegalStateException e) {
            throw failure("DELETE " + name, null, wrapped(e));
        }
    }

    private Stream<Item> items(String prefix, @Nullable String after) {
        Iterable<Result<Item>> items = client.listObjects(ListObjectsArgs.builder()
                .bucket(properties.bucket())
                .prefix(prefix)
                .startAfter(after)
                .recursive(true)
                .build());
        Iterator<Result<Item>> pages = items.iterator();
        return Stream.generate(() -> next(pages)).takeWhile(Optional::isPresent).flatMap(Optional::stream);
    }

    @Override
    public void close() {
        try (put) {
            client.close();
        } catch (Exception e) {
            throw new IllegalStateException("The store's client cannot be closed", e);
        }
    }

    private Optional<Item> next(Iterator<Result<Item>> pages) {
        try {
            return pages.hasNext() ? Optional.of(pages.next().get()) : Optional.empty();
        } catch (MinioException e) {
            throw failure("LIST", null, e);
        } catch (IllegalStateException e) {
            throw failure("LIST", null, wrapped(e));
        }
    }

    private static Optional<StoredObject> listed(Item item) {
        return ObjectKey.parse(item.objectName())
                .map(key -> new StoredObject(key, item.size(), bare(item.etag()), null, null));
    }

    private Optional<StoredObject> statOnce(ObjectKey key) throws MinioException {
        try {
            StatObjectResponse stat = client.statObject(StatObjectArgs.builder()
                    .bucket(properties.bucket())
                    .object(key.value())
                    .build());
            return Optional.of(new StoredObject(
                    key,
                    stat.size(),
                    bare(stat.etag()),
                    stat.contentType(),
                    stat.userMetadata().getFirst(SHA256)));
        } catch (ErrorResponseException e) {
            if (StoreException.ABSENT.contains(e.errorResponse().code())) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private GetObjectResponse openOnce(ObjectKey key) throws MinioException {
        return objects.getObject(GetObjectArgs.builder()
                .bucket(properties.bucket())
                .object(key.value())
                .build());
    }

    /** The bytes of an object, which may take as long as it took to put them. */
    private InputStream timely(GetObjectResponse object) {
        Duration time = ObjectPut.timeFor(callLasts(properties), length(object.headers()));
        return new TimelyInput(object, time.compareTo(LONGEST_READ) < 0 ? time : LONGEST_READ);
    }

    /** 0 when an answer does not say. */
    private static long length(Headers headers) {
        String said = headers.get("Content-Length");
        return said != null && LENGTH.matcher(said).matches() ? Long.parseLong(said) : 0;
    }

    /**
     * By the ETag, and where that is no MD5, by what the store says and holds.
     *
     * @param isCompared whether the store had a digest to compare the bytes with
     */
    private StoredObject verified(
            ObjectKey key,
            @Nullable String etagHeader,
            ObjectBytes bytes,
            String contentType,
            String sha256,
            boolean isCompared)
            throws MinioException, IOException {
        String etag = bare(etagHeader);
        long size = bytes.size();
        boolean isMd5 = MD5.matcher(etag).matches();
        if (!isMd5 || !etag.equals(bytes.md5())) {
            long stored = statOnce(key).map(StoredObject::size).orElse(-1L);
            if (stored != size) {
                throw wrongBytes(key, "holds " + stored + " bytes of " + size);
            }
            // encrypted buckets answer with something that only looks like an MD5
            if ((isMd5 || !isCompared) && !sha256.equals(storedSha256(key))) {
                throw wrongBytes(key, "holds other bytes than were sent");
            }
        }
        return new StoredObject(key, size, etag, contentType, sha256);
    }

    private String storedSha256(ObjectKey key) throws MinioException, IOException {
        try (InputStream in = timely(openOnce(key))) {
            return DigestUtils.sha256Hex(in);
        }
    }

    private StoreException wrongBytes(ObjectKey key, String what) {
        return StoreException.refused(
                WRONG_BYTES,
                subject("PUT", key)
                        + ": the store "
                        + what
                        + "; nothing refers to the object, look at the store's health");
    }

    private <T> T persistently(String action, @Nullable ObjectKey key, Request<T> request) {
        Duration pause = FIRST_PAUSE;
        for (int tries = 1; ; tries++) {
            StoreException failure;
            try {
                return request.send();
            } catch (MinioException | IOException e) {
                failure = failure(action, key, e);
            } catch (RefusedException e) {
                failure = answered(action, key, e.code(), e.status());
            } catch (IllegalStateException e) {
                failure = failure(action, key, wrapped(e));
            } catch (StoreException e) {
                failure = e;
            }
            boolean mayPass = failure.unreachable() || failure.code().equals(WRONG_BYTES);
            if (!mayPass || tries >= properties.tries()) {
                throw failure;
            }
            try {
                Thread.sleep(pause);
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
                throw failure;
            }
            pause = pause.multipliedBy(3);
        }
    }

    /** The client wraps faults of the network in a general exception; any other is a bug. */
    private static IOException wrapped(IllegalStateException e) {
        if (e.getCause() instanceof IOException network) {
            return network;
        }
        throw e;
    }

    /** Without the client's own exception, which prints whole requests. */
    private StoreException failure(String action, @Nullable ObjectKey key, Exception e) {
        if (e instanceof ErrorResponseException answer) {
            return answered(
                    action,
                    key,
                    answer.errorResponse().code(),
                    answer.response().code());
        }
        for (Throwable cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof IOException network) {
                String name = network.getClass().getSimpleName();
                return StoreException.unreachable(
                        name,
                        subject(action, key)
                                + ": no answer from the store, "
                                + name
                                + "; see that it runs and that archive.store.endpoint is right",
                        network);
            }
        }
        String name = e.getClass().getSimpleName();
        return StoreException.unreachable(
                name,
                subject(action, key)
                        + ": the store's answer cannot be read, "
                        + name
                        + "; see that archive.store.endpoint is an S3 store",
                null);
    }

    private StoreException answered(String action, @Nullable ObjectKey key, String code, int status) {
        String what = subject(action, key) + ": the store answers " + code + " (HTTP " + status + ")";
        boolean isDown = status >= 500 && status != NOT_IMPLEMENTED;
        return isDown || status == 429 || status == 408 || BUSY.contains(code)
                ? StoreException.unreachable(code, what + "; try again later", null)
                : StoreException.refused(code, what + "; " + advice(code));
    }

    private static String advice(String code) {
        return switch (code) {
            case "InvalidAccessKeyId", "SignatureDoesNotMatch" ->
                "check archive.store.access-key and archive.store.secret-key";
            case "AccessDenied" ->
                "check archive.store.access-key and archive.store.secret-key, and what the"
                        + " account may do in this bucket";
            case "NoSuchBucket" -> "create the bucket, or check archive.store.bucket";
            case "NoSuchKey" -> "the object is gone from the store";
            case "NotImplemented" -> "see that archive.store.endpoint is an S3 store that supports this request";
            case "RequestTimeTooSkewed" -> "set this machine's clock";
            case "AuthorizationHeaderMalformed", "PermanentRedirect" ->
                "check archive.store.region and archive.store.endpoint";
            default -> "look the code up in the store's documentation";
        };
    }

    private String subject(String action, @Nullable ObjectKey key) {
        return "Object store "
                + properties.endpoint()
                + ", bucket "
                + properties.bucket()
                + (key == null ? "" : ", key " + key)
                + ", "
                + action;
    }

    private static String bare(@Nullable String etag) {
        return etag == null ? "" : etag.replace("\"", "");
    }

    private static OkHttpClient httpClient(StoreProperties properties) {
        // threads of the library's own dispatcher would keep a finished program alive for a minute
        ThreadPoolExecutor threads = new ThreadPoolExecutor(
                0,
                Integer.MAX_VALUE,
                60,
                TimeUnit.SECONDS,
                new SynchronousQueue<>(),
                Thread.ofPlatform().daemon().name("object-store-", 0).factory());
        Dispatcher dispatcher = new Dispatcher(threads);
        dispatcher.setMaxRequests(CONNECTIONS);
        dispatcher.setMaxRequestsPerHost(CONNECTIONS);
        return new OkHttpClient.Builder()
                .dispatcher(dispatcher)
                // keeps none: bytes that a server sends after a response would be read as the
                // response to the next request, and OkHttp has no check for them
                .connectionPool(new ConnectionPool(0, 1, TimeUnit.MINUTES))
                .protocols(List.of(Protocol.HTTP_1_1))
                .connectTimeout(properties.connectTimeout())
                .readTimeout(properties.socketTimeout())
                .writeTimeout(properties.socketTimeout())
                .callTimeout(callLasts(properties))
                .build();
    }

    /** One request to the store. */
    @FunctionalInterface
    private interface Request<T> {
        T send() throws MinioException, IOException, RefusedException;
    }
}

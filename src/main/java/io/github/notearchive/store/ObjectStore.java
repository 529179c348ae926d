package io.github.notearchive.store;

import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListObjectsArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.ObjectArgs;
import io.minio.RemoveObjectArgs;
import io.minio.Result;
import io.minio.StatObjectArgs;
import io.minio.StatObjectResponse;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.Iterator;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import okhttp3.Headers;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Client of the bucket that holds the archive. Thread-safe.
 *
 * <p>Requests are idempotent and are retried while they fail temporarily, {@code archive.store.tries} attempts in all
 * with a back-off from 250 ms on; removals and listings are sent once. Every failure is a {@link StoreException}. An
 * upload that fails leaves either no object or the whole object. Files are sent from the disk without a copy in memory.
 */
public class ObjectStore implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

    /** Name of the user metadata with the SHA-256 of an object. */
    static final String SHA256 = "sha256";

    private static final Pattern MD5 = Pattern.compile("[0-9a-f]{32}");
    private static final byte[] PROBE_BYTES = {'?'};

    private final StoreProperties properties;
    private final String bucket;
    private final Folder folder;
    private final StoreRequests requests;
    private final MinioClients clients;
    private final UploadClient uploads;

    public ObjectStore(StoreProperties properties) {
        this(properties, _ -> {});
    }

    /** Creates the client of a store whose server keeps its objects in a folder that this process can check. */
    public ObjectStore(StoreProperties properties, Folder folder) {
        this(properties, folder, UploadClient.MAX_SINGLE_PUT);
    }

    /** Creates the client of a store with another limit of a PUT request, in bytes. */
    ObjectStore(StoreProperties properties, Folder folder, long maxSinglePut) {
        this.properties = properties;
        this.bucket = properties.bucket();
        this.folder = folder;
        this.requests = new StoreRequests(properties);
        this.clients = MinioClients.of(properties);
        this.uploads = new UploadClient(properties, requests, clients.general(), maxSinglePut);
    }

    /** Folder in which the server of a store keeps its objects. */
    @FunctionalInterface
    public interface Folder {

        /**
         * Checks that objects of the bucket can be written.
         *
         * @throws IOException if not; its message names the path and the reason
         */
        void requireWritable(String bucket) throws IOException;
    }

    /** Creates the bucket if it is missing and {@code archive.store.create-bucket} allows it; otherwise fails. */
    public void ensureBucket() {
        if (hasBucket()) {
            return;
        }
        if (!properties.createBucket()) {
            throw noSuchBucket("create it, or set archive.store.create-bucket");
        }
        requests.retry("bucket creation", null, () -> {
            try {
                clients.general()
                        .makeBucket(MakeBucketArgs.builder().bucket(bucket).build());
            } catch (ErrorResponseException e) {
                // another node was faster, or an earlier attempt succeeded without a response
                if (!"BucketAlreadyOwnedByYou".equals(e.errorResponse().code())) {
                    throw e;
                }
            }
            return bucket;
        });
    }

    /** Fails if the bucket is missing. Does not create it: an empty one would look as if all objects were lost. */
    public void requireBucket() {
        if (!hasBucket()) {
            throw noSuchBucket("nothing was ever stored there, or archive.store.bucket names another one");
        }
    }

    /** Returns whether the bucket exists. */
    public boolean hasBucket() {
        BucketExistsArgs request = BucketExistsArgs.builder().bucket(bucket).build();
        return requests.retry("bucket look-up", null, () -> clients.general().bucketExists(request));
    }

    private StoreException noSuchBucket(String remedy) {
        return requests.refused("bucket look-up", null, "NoSuchBucket", "there is no such bucket", remedy);
    }

    /** Returns the time of the store's clock, in seconds; empty if its responses have no date. */
    public Optional<Instant> time() {
        String name = ObjectKey.NEVER_WRITTEN.value();
        Headers headers = requests.retry("HEAD", name, () -> {
            try {
                return clients.general()
                        .statObject(object(StatObjectArgs.builder(), name))
                        .headers();
            } catch (ErrorResponseException e) {
                if (isNotFound(e)) {
                    return e.response().headers();
                }
                throw e;
            }
        });
        return Optional.ofNullable(headers.getInstant("Date"));
    }

    /** Returns whether the store responds to requests of this account for this bucket. */
    public boolean isReachable() {
        try {
            return stat(ObjectKey.NEVER_WRITTEN).isEmpty();
        } catch (StoreException e) {
            return false;
        }
    }

    /**
     * Returns whether the store accepts uploads; one that is full or read-only still responds to every other request.
     * Uploads the object {@code probe} of one byte and leaves it there.
     */
    public boolean isWritable() {
        try {
            putBytes(ObjectKey.PROBE, PROBE_BYTES, "text/plain");
            return true;
        } catch (StoreException e) {
            return false;
        }
    }

    /**
     * Fails unless the store accepts uploads. Uploads the object {@code probe} of one byte and removes it; if the
     * account has no right to remove objects, it remains.
     */
    public void requireWritable() {
        try {
            folder.requireWritable(bucket);
        } catch (IOException e) {
            String problem = "the folder of the embedded S3 server is not writable";
            throw requests.refused(
                    "PUT", ObjectKey.PROBE.value(), "NotWritable", problem, String.valueOf(e.getMessage()));
        }
        putBytes(ObjectKey.PROBE, PROBE_BYTES, "text/plain");
        try {
            remove(ObjectKey.PROBE.value());
        } catch (StoreException e) {
            log.debug("The object {} remains in the store: {}", ObjectKey.PROBE, e.getMessage());
        }
    }

    /** Uploads bytes as in {@link #put}. */
    public void putBytes(ObjectKey key, byte[] bytes, String contentType) {
        put(key, new ObjectBytes.InMemory(bytes), contentType, DigestUtils.sha256Hex(bytes));
    }

    /**
     * Uploads an object and returns after the store has shown that it holds these bytes.
     *
     * @param sha256 of the bytes in lower-case hexadecimal; stored with the object
     */
    public void put(ObjectKey key, ObjectBytes bytes, String contentType, String sha256) {
        requests.retry("PUT", key.value(), () -> {
            UploadClient.Receipt receipt = uploads.send(key, bytes, contentType, sha256);
            if (!receipt.isConfirmed()) {
                verify(key, bytes, sha256, receipt);
            }
            return receipt;
        });
    }

    /** Verifies an upload by its ETag; if that is not the MD5 of the bytes, by the length and the bytes stored. */
    private void verify(ObjectKey key, ObjectBytes bytes, String sha256, UploadClient.Receipt receipt)
            throws MinioException, IOException {
        boolean isMd5 = MD5.matcher(receipt.etag()).matches();
        if (isMd5 && receipt.etag().equals(bytes.md5())) {
            return;
        }
        long stored = head(key.value()).map(StatObjectResponse::size).orElse(-1L);
        if (stored != bytes.size()) {
            throw wrongBytes(key, "the store holds " + stored + " bytes of " + bytes.size());
        }
        // the ETag of an encrypted bucket may look like an MD5
        if ((isMd5 || !receipt.isSigned()) && !sha256.equals(get(key, (in, _) -> DigestUtils.sha256Hex(in)))) {
            throw wrongBytes(key, "the store holds other bytes than were sent");
        }
    }

    private StoreException wrongBytes(ObjectKey key, String problem) {
        String remedy = "nothing refers to the object, check the health of the store";
        return requests.refused("PUT", key.value(), StoreException.WRONG_BYTES, problem, remedy);
    }

    /** Returns size and metadata of an object; empty if there is none. */
    public Optional<StoredObject> stat(ObjectKey key) {
        return requests.retry("HEAD", key.value(), () -> head(key.value()))
                .map(stat -> new StoredObject(
                        key,
                        stat.size(),
                        UploadClient.withoutQuotes(stat.etag()),
                        stat.contentType(),
                        stat.userMetadata().getFirst(SHA256)));
    }

    /** Returns the time of an object's last upload by the store's clock; empty if there is none. */
    public Optional<Instant> lastModified(String name) {
        return requests.retry("HEAD", name, () -> head(name))
                .map(stat -> stat.lastModified().toInstant());
    }

    private Optional<StatObjectResponse> head(String name) throws MinioException {
        try {
            return Optional.of(clients.general().statObject(object(StatObjectArgs.builder(), name)));
        } catch (ErrorResponseException e) {
            if (isNotFound(e)) {
                return Optional.empty();
            }
            throw e;
        }
    }

    private static boolean isNotFound(ErrorResponseException e) {
        return StoreException.NOT_FOUND.contains(e.errorResponse().code());
    }

    /** Reads the content of an object. */
    @FunctionalInterface
    public interface BytesReader<T> {

        /**
         * Reads the content; need not read to the end.
         *
         * @param sha256 SHA-256 given at the upload; empty for foreign objects
         */
        T read(InputStream in, Optional<String> sha256) throws IOException;
    }

    /**
     * Passes the content of an object to a reader, once per attempt: an {@link IOException} of the reader is retried,
     * any other exception ends the call. A missing object is a {@link StoreException} that is
     * {@link StoreException#absent}.
     */
    public <T> T read(ObjectKey key, BytesReader<T> reader) {
        return requests.retry("GET", key.value(), () -> get(key, reader));
    }

    /** Reads a small object into memory. */
    public byte[] read(ObjectKey key) {
        return read(key, (in, _) -> in.readAllBytes());
    }

    private <T> T get(ObjectKey key, BytesReader<T> reader) throws MinioException, IOException {
        GetObjectArgs request = object(GetObjectArgs.builder(), key.value());
        try (GetObjectResponse response = clients.forReading().getObject(request)) {
            return reader.read(response, Optional.ofNullable(response.headers().get("x-amz-meta-" + SHA256)));
        }
    }

    /**
     * Returns a URL that grants everybody access to an object until it expires. It is signed with the account and is
     * therefore a credential. Sends no request; the object need not exist.
     *
     * @param validity from a second to a week, S3's limit
     */
    public URI presign(ObjectKey key, Duration validity) {
        GetPresignedObjectUrlArgs request = object(
                GetPresignedObjectUrlArgs.builder()
                        .method(Http.Method.GET)
                        .expiry(Math.toIntExact(validity.toSeconds())),
                key.value());
        return URI.create(
                requests.once("PRESIGN", key.value(), () -> clients.general().getPresignedObjectUrl(request)));
    }

    /**
     * Lists the objects whose keys have a prefix, ordered by key; skips names that are no {@link ObjectKey}. Pages are
     * requested as the stream is read, each once: a failure ends the stream with a {@link StoreException}.
     */
    public Stream<StoredObject> list(String prefix) {
        return items(prefix, null)
                .flatMap(item -> ObjectKey.parse(item.objectName())
                        .map(key ->
                                new StoredObject(key, item.size(), UploadClient.withoutQuotes(item.etag()), null, null))
                        .stream());
    }

    /**
     * Lists as {@link #list}, including foreign names.
     *
     * @param after name after which the listing starts; null for the first
     */
    public Stream<ListedObject> listAll(String prefix, @Nullable String after) {
        return items(prefix, after)
                .map(item -> new ListedObject(
                        item.objectName(), item.size(), item.lastModified().toInstant()));
    }

    private Stream<Item> items(String prefix, @Nullable String after) {
        Iterator<Result<Item>> items = clients.general()
                .listObjects(ListObjectsArgs.builder()
                        .bucket(bucket)
                        .prefix(prefix)
                        .startAfter(after)
                        .recursive(true)
                        .build())
                .iterator();
        return Stream.generate(() -> requests.once("LIST", null, () -> next(items)))
                .takeWhile(Optional::isPresent)
                .flatMap(Optional::stream);
    }

    private static Optional<Item> next(Iterator<Result<Item>> items) throws MinioException {
        return items.hasNext() ? Optional.of(items.next().get()) : Optional.empty();
    }

    /**
     * Removes an object; a missing one is no error. The request is sent once, because a later attempt could remove a
     * new object of that name.
     */
    public void remove(String name) {
        remove(name, clients.general());
    }

    /** Removes an object within two seconds, for a caller that holds a lock. */
    public void removePromptly(String name) {
        remove(name, clients.prompt());
    }

    private void remove(String name, MinioClient by) {
        requests.once("DELETE", name, () -> {
            by.removeObject(object(RemoveObjectArgs.builder(), name));
            return name;
        });
    }

    private <B extends ObjectArgs.Builder<B, A>, A extends ObjectArgs> A object(B request, String name) {
        return request.bucket(bucket).object(name).build();
    }

    @Override
    public void close() {
        try (clients) {
            uploads.close();
        }
    }
}

package io.github.notearchive.store;

import static io.github.notearchive.store.StoreClient.RequestContent.NONE;

import io.github.notearchive.io.time.Deadline;
import io.github.notearchive.store.StoreClient.RequestContent;
import io.minio.Http;
import io.minio.Http.QueryParameters;
import io.minio.Xml;
import io.minio.errors.XmlParserException;
import io.minio.messages.ListBucketResultV2;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.io.function.IOBiFunction;
import org.apache.commons.io.function.IOConsumer;
import org.apache.commons.io.function.IOFunction;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpStatus;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Client of the bucket that holds the archive. Thread-safe.
 *
 * <p>Requests are idempotent and are retried while they fail temporarily, {@code archive.store.tries} attempts in all
 * with a back-off from 250 ms on; removals are sent once. Every failure is a {@link StoreException}. An upload that
 * fails leaves either no object or the whole object. Files are sent from the disk without a copy in memory.
 */
public final class ObjectStore implements AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(ObjectStore.class);

    private static final byte[] PROBE_BYTES = {'?'};
    private static final String DEFAULT_REGION = "us-east-1";
    private static final Duration PROMPT = Duration.ofSeconds(2);

    /** Time limit of reading an object of any length, including the wait for the headers. */
    private static final Duration LONGEST_READ = Duration.ofHours(6);

    private final StoreProperties properties;
    private final IOConsumer<String> folderCheck;
    private final StoreClient client;
    private final Uploads uploads;

    /** Whether uploads may have a condition; false once the store has shown that it does not support them. */
    private volatile boolean conditional = true;

    public ObjectStore(StoreProperties properties) {
        this(properties, () -> properties, _ -> {});
    }

    /**
     * Creates the client of a store whose server keeps its objects in a folder.
     *
     * @param located returns the settings with the address of the server, which it starts; called before the first
     *     request
     * @param folderCheck fails if objects of the given bucket cannot be written; its message names the path and the
     *     reason
     */
    public ObjectStore(StoreProperties properties, Supplier<StoreProperties> located, IOConsumer<String> folderCheck) {
        this.properties = properties;
        this.folderCheck = folderCheck;
        this.client = new StoreClient(properties, located);
        this.uploads = new Uploads(client, this);
    }

    public String bucket() {
        return properties.bucket();
    }

    /** Creates the bucket if it is missing and {@code archive.store.create-bucket} allows it; otherwise fails. */
    public void ensureBucket() {
        if (hasBucket()) {
            return;
        }
        if (!properties.createBucket()) {
            throw noSuchBucket("create it, or set archive.store.create-bucket");
        }
        String xml = "<CreateBucketConfiguration xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><LocationConstraint>"
                + properties.region() + "</LocationConstraint></CreateBucketConfiguration>";
        RequestContent content =
                properties.region().equals(DEFAULT_REGION) ? NONE : RequestContent.of(xml, DigestUtils.sha256Hex(xml));
        try {
            client.retry(() -> client.send(Http.Method.PUT, null, content, ClassicHttpResponse::getCode));
        } catch (StoreException e) {
            // another node was faster, or an earlier attempt succeeded without a response
            if (!e.code().equals("BucketAlreadyOwnedByYou")) {
                throw e;
            }
        }
    }

    /** Fails if the bucket is missing. Does not create it: an empty one would look as if all objects were lost. */
    public void requireBucket() {
        if (!hasBucket()) {
            throw noSuchBucket("nothing was ever stored there, or archive.store.bucket names another one");
        }
    }

    public boolean hasBucket() {
        return client.retry(() -> client.send(Http.Method.HEAD, null, NONE, ClassicHttpResponse::getCode)) < 300;
    }

    private StoreException noSuchBucket(String remedy) {
        return client.refused("HEAD", null, "NoSuchBucket", "there is no such bucket", remedy);
    }

    /** Returns whether the store responds to requests of this account for this bucket. */
    public boolean isReachable() {
        return succeeds(() -> stat(ObjectKey.PROBE));
    }

    /** Returns whether the store accepts uploads. Uploads the object {@code probe}, which others may do meanwhile. */
    public boolean isWritable() {
        return succeeds(this::uploadProbe);
    }

    private static boolean succeeds(Runnable request) {
        try {
            request.run();
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
        uploadProbe();
        removeProbe(ObjectKey.PROBE);
    }

    void removeProbe(ObjectKey key) {
        try {
            remove(key.value());
        } catch (StoreException e) {
            log.debug("The object {} remains in the store: {}", key, e.getMessage());
        }
    }

    private void uploadProbe() {
        try {
            folderCheck.accept(properties.bucket());
        } catch (IOException e) {
            String problem = "the folder of the embedded S3 server is not writable";
            throw client.refused(
                    "PUT", ObjectKey.PROBE.value(), "NotWritable", problem, String.valueOf(e.getMessage()));
        }
        putBytes(ObjectKey.PROBE, PROBE_BYTES, "text/plain");
    }

    public void putBytes(ObjectKey key, byte[] bytes, String contentType) {
        put(key, new ObjectBytes(bytes.length, out -> out.write(bytes)), contentType, DigestUtils.sha256Hex(bytes));
    }

    /**
     * Uploads an object and returns after the store has shown that it holds these bytes.
     *
     * @param sha256 of the bytes in lower-case hexadecimal; stored with the object
     */
    public void put(ObjectKey key, ObjectBytes bytes, String contentType, String sha256) {
        put(key, bytes, Map.of(StoreClient.CONTENT_TYPE, contentType), sha256);
    }

    private void put(ObjectKey key, ObjectBytes bytes, Map<String, String> headers, String sha256) {
        client.retry(() -> {
            uploads.put(key, bytes, headers, sha256, properties.requestTimeout(bytes.size()));
            return key;
        });
    }

    /**
     * Uploads a JSON object unless another writer has changed it. Repeatable: the same bytes are no change. A store
     * without conditional uploads overwrites the object: it ignores the condition, or rejects it, after which none is
     * sent.
     *
     * @param etag {@link #etag} of the object to be replaced; null if there must be none
     * @return false if the store has another object; nothing is changed then
     */
    public boolean putIfUnchanged(ObjectKey key, byte[] bytes, @Nullable String etag) {
        ObjectBytes content = new ObjectBytes(bytes.length, out -> out.write(bytes));
        String sha256 = DigestUtils.sha256Hex(bytes);
        Map<String, String> headers = new HashMap<>(Map.of(StoreClient.CONTENT_TYPE, "application/json"));
        boolean isConditional = conditional;
        if (isConditional) {
            headers.put(etag == null ? "if-none-match" : "if-match", etag == null ? "*" : etag);
        }
        try {
            put(key, content, headers, sha256);
            return true;
        } catch (StoreException e) {
            if (!isConditional || !e.mayBeOfTheCondition()) {
                throw e;
            }
            if (sha256.equals(uploads.storedSha256(key, properties.requestTimeout(bytes.length)))) {
                return true; // an earlier attempt succeeded without a response
            }
            if (!StoreException.HEADER_REJECTED.contains(e.code()) && !Objects.equals(etag, etag(key))) {
                return false;
            }
            conditional = false;
            log.info("The store does not support conditional uploads ({}): sent without from now on", e.code());
            return putIfUnchanged(key, bytes, etag);
        }
    }

    /** Returns the bytes of uploads that were sent, or read back for verification, by all threads so far. */
    public long bytesUploaded() {
        return uploads.moved.sum();
    }

    /** Returns the tag of an object's present content; null if there is none. */
    public @Nullable String etag(ObjectKey key) {
        return client.retry(() -> client.send(
                        Http.Method.HEAD,
                        key.value(),
                        NONE,
                        response -> Optional.ofNullable(
                                response.getCode() >= 300 ? null : StoreClient.header(response, "ETag"))))
                .orElse(null);
    }

    /**
     * As above, without retries.
     *
     * @param limit time of the request; never more than that of the settings
     */
    public void putOnce(ObjectKey key, ObjectBytes bytes, String contentType, String sha256, Duration limit) {
        Map<String, String> headers = Map.of(StoreClient.CONTENT_TYPE, contentType);
        uploads.put(key, bytes, headers, sha256, shorter(limit, properties.requestTimeout(bytes.size())));
    }

    private static Duration shorter(Duration limit, Duration longest) {
        return limit.compareTo(longest) < 0 ? limit : longest;
    }

    public Optional<StoredObject> stat(ObjectKey key) {
        return stat(key.value());
    }

    /** Returns an object that need not have a valid key; empty if there is none. */
    public Optional<StoredObject> stat(String name) {
        return client.retry(() -> head(name, properties.requestTimeout(0)));
    }

    /** As above, without retries; {@code limit} as in {@link #putOnce}. */
    public Optional<StoredObject> statOnce(ObjectKey key, Duration limit) {
        return head(key.value(), shorter(limit, properties.requestTimeout(0)));
    }

    private Optional<StoredObject> head(String name, Duration limit) {
        return client.send(Http.Method.HEAD, name, NONE, limit, response -> {
            if (response.getCode() >= 300) {
                return Optional.empty();
            }
            String length = StoreClient.header(response, "Content-Length");
            Instant modified = DateUtils.parseStandardDate(response, "Last-Modified");
            if (modified == null || !length.matches("\\d{1,18}")) {
                throw new IOException("no length or time in the response");
            }
            return Optional.of(new StoredObject(name, Long.parseLong(length), modified));
        });
    }

    /**
     * Passes the content of an object to a reader, once per attempt: an {@link IOException} of the reader is retried,
     * any other exception ends the call. A missing object is a {@link StoreException} that is
     * {@link StoreException#absent}.
     *
     * @param reader receives the content, which it need not read to the end, and the SHA-256 given at the upload, empty
     *     for foreign objects
     */
    public <T> T read(ObjectKey key, IOBiFunction<InputStream, Optional<String>, T> reader) {
        return client.<T>retry(() -> get(key, LONGEST_READ, reader));
    }

    /** As above, without retries; {@code limit} as in {@link #putOnce}. */
    public <T> T readOnce(ObjectKey key, Duration limit, IOBiFunction<InputStream, Optional<String>, T> reader) {
        return get(key, shorter(limit, properties.requestTimeout(0)), reader);
    }

    public byte[] read(ObjectKey key) {
        return read(key, (in, _) -> in.readAllBytes());
    }

    /** Returns the first bytes of an object; empty if there is none. */
    public Optional<byte[]> find(ObjectKey key, int longest) {
        try {
            return Optional.of(read(key, (in, _) -> in.readNBytes(longest)));
        } catch (StoreException e) {
            if (e.absent()) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /**
     * Passes a part of an object to a reader, without retries: one request for these bytes, which ends when the reader
     * returns. A missing object is a {@link StoreException} that is {@link StoreException#absent}.
     *
     * @param start first byte, from 0
     * @param length number of bytes, at least 1, all of which the object must have
     */
    public <T> T readRange(ObjectKey key, long start, long length, IOFunction<InputStream, T> reader) {
        String range = "bytes=%d-%d".formatted(start, start + length - 1);
        RequestContent content = new RequestContent(null, Map.of("range", range), null);
        return client.send(Http.Method.GET, key.value(), content, LONGEST_READ, response -> {
            HttpEntity entity = response.getEntity();
            boolean isExact = entity != null && entity.getContentLength() == length;
            if (!isExact || (response.getCode() != HttpStatus.SC_PARTIAL_CONTENT && start > 0)) {
                throw new IOException("the store sent other bytes than the range");
            }
            return reader.apply(body(response));
        });
    }

    <T> T get(ObjectKey key, Duration limit, IOBiFunction<InputStream, Optional<String>, T> reader) {
        return client.send(Http.Method.GET, key.value(), NONE, limit, response -> {
            String sha256 = StoreClient.header(response, Uploads.META_SHA256);
            return reader.apply(body(response), sha256.isEmpty() ? Optional.empty() : Optional.of(sha256));
        });
    }

    /** Returns a body that must be read within the time that its length allows. */
    private InputStream body(ClassicHttpResponse response) throws IOException {
        HttpEntity entity = response.getEntity();
        if (entity == null) {
            return InputStream.nullInputStream();
        }
        Deadline end = Deadline.in(properties.requestTimeout(Math.max(0, entity.getContentLength())));
        return new FilterInputStream(entity.getContent()) {

            @Override
            public int read(byte[] bytes, int offset, int length) throws IOException {
                if (end.isOver()) {
                    throw new SocketTimeoutException("the object was not sent in time");
                }
                return super.read(bytes, offset, length);
            }
        };
    }

    /**
     * Returns a URL that grants everybody access to an object until it expires. It is signed with the account and is
     * therefore a credential. Sends no request; the object need not exist.
     *
     * @param validity from a second to a week, S3's limit
     */
    public URI presign(ObjectKey key, Duration validity) {
        return client.presign(key.value(), validity);
    }

    /** Lists as {@link #listAll}, without names that are no {@link ObjectKey}. */
    public Stream<StoredObject> list(String prefix) {
        return listAll(prefix, null)
                .filter(object -> ObjectKey.parse(object.name()).isPresent());
    }

    /**
     * Lists the objects whose names have a prefix, ordered by name. The first page is requested at once, the others as
     * the stream is read: a failure ends the stream with a {@link StoreException}.
     *
     * @param after name after which the listing starts; null for the first
     */
    public Stream<StoredObject> listAll(String prefix, @Nullable String after) {
        return Stream.iterate(
                        Optional.of(page(prefix, after, null)),
                        Optional::isPresent,
                        last -> last.filter(ListBucketResultV2::isTruncated)
                                .map(page -> page(prefix, after, page.nextContinuationToken())))
                .flatMap(Optional::stream)
                .flatMap(page -> page.contents().stream().map(item -> {
                    item.setEncodingType(page.encodingType());
                    return new StoredObject(
                            item.objectName(), item.size(), item.lastModified().toInstant());
                }));
    }

    private ListBucketResultV2 page(String prefix, @Nullable String after, @Nullable String token) {
        QueryParameters query = new QueryParameters("list-type", "2", "encoding-type", "url", "prefix", prefix);
        if (token != null) {
            query.set("continuation-token", token);
        } else if (after != null) {
            query.set("start-after", after);
        }
        RequestContent content = new RequestContent(query, Map.of(), null);
        return client.retry(() -> client.send(Http.Method.GET, null, content, response -> {
            try (Reader xml = new InputStreamReader(body(response), StandardCharsets.UTF_8)) {
                return Xml.unmarshal(ListBucketResultV2.class, xml);
            } catch (XmlParserException e) {
                throw new IOException("the listing is not XML", e);
            }
        }));
    }

    /**
     * Removes an object; a missing one is no error. The request is sent once, because a later attempt could remove a
     * new object of that name.
     */
    public void remove(String name) {
        client.send(Http.Method.DELETE, name, NONE, ClassicHttpResponse::getCode);
    }

    /** Removes an object within two seconds, for a caller that holds a lock. */
    public void removePromptly(String name) {
        client.send(Http.Method.DELETE, name, NONE, PROMPT, ClassicHttpResponse::getCode);
    }

    @Override
    public void close() {
        client.close();
    }
}

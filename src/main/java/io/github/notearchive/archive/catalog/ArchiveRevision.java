package io.github.notearchive.archive.catalog;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.io.jdbc.Statements;
import io.github.notearchive.note.Night;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.commons.io.function.IOBiFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/**
 * Compares the database with its bucket, so that a restored dump is detected: the table {@code archive} and the object
 * {@code archive.json} store the id of the archive and a revision.
 *
 * <p>A revision is committed to the database before it is written to the bucket, and the bucket is read before the
 * database. So the revision in the bucket is never higher than that of the database that wrote it, even while other
 * nodes write; a higher one proves that the database is an older copy.
 */
@Repository
public final class ArchiveRevision {

    private static final Logger log = LoggerFactory.getLogger(ArchiveRevision.class);

    /** Maximum number of writes of the object while other nodes increment the revision. */
    private static final int MAX_WRITES = 10;

    /** Tables that a rebuild fills. */
    private static final List<String> TABLES = List.of(
            ("worklist api_call note note_capture note_media media_object author note_topic note_mention note_comment "
                            + "source_gate fixity_finding")
                    .split(" ", -1));

    private final ArchiveObject.Source source;
    private final ObjectProvider<ObjectStore> store;
    private final Clock clock;
    private final JdbcClient autoCommit;

    ArchiveRevision(
            ArchiveObject.Source source,
            ObjectProvider<ObjectStore> store,
            Clock clock,
            PlatformTransactionManager transactions) {
        this.source = source;
        this.store = store;
        this.clock = clock;
        this.autoCommit = Statements.autoCommit(transactions);
    }

    /** Why this database must not write to the bucket; with {@code isAhead}, as after the restore of an older dump. */
    public record Difference(String text, boolean isAhead) {}

    /**
     * Returns why this database must not write to the bucket; empty if the bucket belongs to it, or to no archive yet.
     * Sends one GET and one query, and one LIST for a bucket without the object.
     *
     * @throws StoreException if the store does not respond
     */
    public Optional<String> difference() {
        return compare(false).map(Difference::text);
    }

    /** As {@link #difference}; a prompt one sends one GET, which takes two seconds at most. */
    Optional<Difference> compare(boolean isPrompt) {
        Optional<ArchiveObject> bucket;
        try {
            bucket = source.read(isPrompt);
        } catch (IOException e) {
            return different(e.getMessage() + "; restore it from a copy of the bucket, or remove it");
        }
        ArchiveObject known = inDatabase().orElse(null); // never before the bucket
        if (bucket.isEmpty()) {
            if (!isPrompt && isEmptied()) {
                return different(("the bucket is empty, nothing below %s, but the database has archived notes; check "
                                + "ARCHIVE_S3_BUCKET and ARCHIVE_S3_ENDPOINT. If the bucket is lost, restore a copy; "
                                + "without a copy, put any object below %s, then use note-archive verify "
                                + "--repair")
                        .formatted(Sidecar.PREFIX, Sidecar.PREFIX));
            }
            if (known != null) {
                log.warn(
                        "The bucket has no object {}, but the database wrote revision {}; the next run writes it again",
                        ArchiveObject.KEY,
                        known.revision());
            }
            return Optional.empty();
        }
        ArchiveObject written = bucket.get();
        if (known == null) {
            return different(
                    ("the bucket belongs to archive %s, which this database does not contain: it is new, or restored "
                                    + "from an old dump; check ARCHIVE_S3_BUCKET, then use note-archive rebuild for an "
                                    + "empty database, note-archive rebuild --missing for a restored one")
                            .formatted(written.archiveId()));
        }
        if (!written.archiveId().equals(known.archiveId())) {
            return different(
                    ("the bucket belongs to archive %s, the database to archive %s; check ARCHIVE_S3_BUCKET and "
                                    + "ARCHIVE_DATABASE_URL (rebuild --missing does not merge two archives)")
                            .formatted(written.archiveId(), known.archiveId()));
        }
        return Optional.of(written)
                .filter(object -> object.revision() > known.revision())
                .map(object -> new Difference(
                        ("the bucket is ahead of the database (revision %d of %s, here %d), as after the restore of an "
                                        + "older dump; merge it with note-archive rebuild --missing")
                                .formatted(object.revision(), Night.local(object.writtenAt()), known.revision()),
                        true));
    }

    private static Optional<Difference> different(String text) {
        return Optional.of(new Difference(text, false));
    }

    /** Returns whether the bucket has no sidecar although the database knows some. */
    private boolean isEmptied() {
        boolean isKnown = Statements.one(autoCommit, Boolean.class, Map.of(), """
                        SELECT EXISTS (SELECT 1 FROM note_capture WHERE sidecar_key IS NOT NULL)
                        """);
        if (!isKnown || !store.getObject().hasBucket()) {
            return isKnown;
        }
        try (Stream<StoredObject> sidecars = store.getObject().listAll(Sidecar.PREFIX, null)) {
            return sidecars.findFirst().isEmpty();
        }
    }

    /**
     * Returns why the bucket cannot be merged into this database; empty if both belong to one archive, or one has no
     * id.
     */
    public Optional<String> otherArchive(Optional<ArchiveObject> bucket) {
        return bucket.flatMap(written -> inDatabase()
                .filter(known -> !written.archiveId().equals(known.archiveId()))
                .map(known ->
                        "the bucket belongs to archive %s, the database to archive %s; two archives cannot be merged"
                                .formatted(written.archiveId(), known.archiveId())));
    }

    /** Returns a table of the archive with rows, which prevents a rebuild; empty if there is none. */
    public Optional<String> firstWithRows() {
        return TABLES.stream()
                .filter(rows -> Statements.one(
                        autoCommit, Boolean.class, Map.of(), "SELECT EXISTS (SELECT 1 FROM " + rows + ")"))
                .findFirst();
    }

    public Rows count(Instant now) {
        return Statements.one(autoCommit, Rows.class, Map.of("now", now), """
                        SELECT (SELECT count(*) FROM worklist) AS notes,
                               (SELECT count(*) FROM note_capture) AS captures,
                               (SELECT count(*) FROM note_media) AS files,
                               (SELECT count(*) FROM media_object) AS objects,
                               (SELECT count(*) FROM api_call) AS calls,
                               (SELECT count(*) FROM worklist WHERE due_at <= :now) AS due
                        """);
    }

    public record Rows(long notes, long captures, long files, long objects, long calls, long due) {

        public static final Rows NONE = new Rows(0, 0, 0, 0, 0, 0);
    }

    /**
     * Increments the revision in a separate transaction and writes it to the bucket. The first call creates the id of
     * the archive.
     *
     * @throws StoreException if the store rejects the object; the database is ahead then, which every command accepts
     */
    public void advance() {
        write(UUID.randomUUID(), 1, "revision = archive.revision + 1");
        for (int i = 0; i < MAX_WRITES; i++) {
            ArchiveObject written = inDatabase().orElseThrow();
            written.putInto(store.getObject());
            // another node may have written a newer revision, which this PUT has replaced
            if (inDatabase().orElseThrow().revision() <= written.revision()) {
                return;
            }
        }
    }

    /** Calls {@link #advance}; an outage is logged, and the next call repeats it. */
    public void tryAdvance() {
        try {
            advance();
        } catch (StoreException | DataAccessException | TransactionException e) {
            String reason = e instanceof StoreException ? e.getMessage() : DatabaseErrors.summary(e);
            log.warn("The object {} is not up to date: {}", ArchiveObject.KEY, reason);
        }
    }

    /** Adopts id and revision of a bucket whose content the tables contain completely. */
    public void adopt(ArchiveObject bucket) {
        write(
                bucket.archiveId(),
                bucket.revision(),
                "archive_id = EXCLUDED.archive_id, revision = greatest(archive.revision, EXCLUDED.revision)");
    }

    private void write(UUID id, long revision, String change) {
        Statements.update(autoCommit, Map.of("id", id, "revision", revision, "now", clock.instant()), """
                        INSERT INTO archive (archive_id, revision, revised_at) VALUES (:id, :revision, :now)
                        ON CONFLICT (only_one) DO UPDATE SET revised_at = EXCLUDED.revised_at,
                        """ + change);
    }

    /** Returns the id of the archive; empty before the first run. */
    public Optional<UUID> archiveId() {
        return inDatabase().map(ArchiveObject::archiveId);
    }

    private Optional<ArchiveObject> inDatabase() {
        return Statements.optional(autoCommit, ArchiveObject.class, Map.of(), """
                        SELECT archive_id, revision, revised_at AS written_at,
                               (SELECT max(job_execution_id) FROM run_history) AS execution
                        FROM archive
                        """);
    }

    /**
     * Bucket object that identifies its archive and the newest revision of the database that wrote to it. The table
     * {@code archive} holds the same.
     */
    @JsonInclude
    public record ArchiveObject(
            UUID archiveId, long revision, @Nullable Long execution, Instant writtenAt) {

        public static final ObjectKey KEY = new ObjectKey("archive.json");

        private static final String FORMAT = "note-archive/archive/1";
        private static final String NO_BUCKET = "NoSuchBucket";
        private static final int MAX_SIZE = 1 << 16;
        private static final Duration PROMPT = Duration.ofSeconds(2);

        /** Reads the object of the configured bucket. */
        @FunctionalInterface
        public interface Source {

            /**
             * Reads the object; empty if the object or the bucket does not exist.
             *
             * @param isPrompt whether to send one request of two seconds, instead of several longer ones
             * @throws IOException if the object has another format
             */
            Optional<ArchiveObject> read(boolean isPrompt) throws IOException;
        }

        public ArchiveObject {
            if (archiveId == null || writtenAt == null || revision < 1) {
                throw new IllegalArgumentException("invalid archive object");
            }
        }

        public void putInto(ObjectStore store) {
            ObjectNode root = Sidecar.JSON.createObjectNode().put("format", FORMAT);
            root.setAll(Sidecar.JSON.<ObjectNode>valueToTree(this));
            store.putBytes(KEY, Sidecar.JSON.writeValueAsBytes(root), "application/json");
        }

        /**
         * Reads the object of a bucket with one request; empty if the object or the bucket does not exist.
         *
         * @throws IOException if the object has another format
         */
        public static Optional<ArchiveObject> read(ObjectStore store) throws IOException {
            return read(store, false);
        }

        /** As above; {@code isPrompt} as in {@link Source#read}. */
        public static Optional<ArchiveObject> read(ObjectStore store, boolean isPrompt) throws IOException {
            try {
                IOBiFunction<InputStream, Optional<String>, byte[]> reader = (in, _) -> in.readNBytes(MAX_SIZE);
                return Optional.of(parse(isPrompt ? store.readOnce(KEY, PROMPT, reader) : store.read(KEY, reader)));
            } catch (StoreException e) {
                if (e.absent() || e.code().equals(NO_BUCKET)) {
                    return Optional.empty();
                }
                throw e;
            }
        }

        /** Reads the object of an embedded store, whose server need not run, from its file. */
        public static Optional<ArchiveObject> read(Path bucket) throws IOException {
            try {
                return Optional.of(parse(Files.readAllBytes(bucket.resolve(KEY.value()))));
            } catch (NoSuchFileException e) {
                return Optional.empty();
            }
        }

        private static ArchiveObject parse(byte[] bytes) throws IOException {
            try {
                JsonNode root = Sidecar.JSON.readTree(bytes);
                if (root.path("format").asString("").equals(FORMAT)) {
                    return Sidecar.JSON.treeToValue(root, ArchiveObject.class);
                }
            } catch (JacksonException unreadable) {
                // as an unknown format
            }
            throw new IOException("the object " + KEY + " is not readable: "
                    + Sidecar.shown(new String(bytes, StandardCharsets.UTF_8)));
        }
    }
}

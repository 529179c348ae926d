package io.github.notearchive.prove;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.archive.catalog.ArchiveRevision;
import io.github.notearchive.archive.catalog.ArchiveRevision.ArchiveObject;
import io.github.notearchive.archive.catalog.LogRepository;
import io.github.notearchive.archive.catalog.LogRepository.AppendedEntry;
import io.github.notearchive.archive.catalog.LogRepository.LogCheckpoint;
import io.github.notearchive.archive.catalog.LogRepository.LogEntry;
import io.github.notearchive.archive.catalog.ProofProperties;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.batch.ArchiveProperties;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.io.jdbc.DatabaseErrors;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.jdbc.autoconfigure.JdbcConnectionDetails;
import org.springframework.stereotype.Component;

/**
 * The log of captures in the bucket: appends entries, adopts and audits the log, and proves entries.
 *
 * <p>An append writes in this order: checkpoint row with the positions of its entries, by compare-and-swap; tiles and
 * entry bundles; checkpoint object. After the row, the content of every tile is determined: each node that writes it,
 * now or after a kill, writes the same bytes, and the log cannot fork. A database whose newest stored checkpoint is
 * behind the bucket's, such as a restored dump, adopts the entries of the bucket before it appends. Any other
 * checkpoint in the bucket must be one of the table: what the bucket says is never signed otherwise.
 */
@Component
public final class CaptureLog {

    public static final ObjectKey CHECKPOINT = new ObjectKey("log/checkpoint");

    private static final ObjectKey VERIFIER = new ObjectKey("log/verifier");

    private static final Logger log = LoggerFactory.getLogger(CaptureLog.class);

    /** Most entries between two checkpoints, a multiple of a tile. */
    static final int BATCH = 256 * TileTree.WIDTH;

    /** Start of a checkpoint: origin, size, root. */
    private static final Pattern START =
            Pattern.compile("[^\n]+\n(0|[1-9][0-9]{0,17})\n([A-Za-z0-9+/]{43}=)\n.*", Pattern.DOTALL);

    static final String TEXT = "text/plain; charset=utf-8";
    private static final HexFormat HEX = HexFormat.of();
    private static final Base64.Encoder BASE64 = Base64.getEncoder();

    private final LogRepository rows;
    private final ObjectStore store;
    private final ArchiveRevision revision;
    private final ProofProperties settings;
    private final ArchiveProperties archive;
    private final JdbcConnectionDetails database;

    CaptureLog(
            LogRepository rows,
            ObjectStore store,
            ArchiveRevision revision,
            ProofProperties settings,
            ArchiveProperties archive,
            JdbcConnectionDetails database) {
        this.rows = rows;
        this.store = store;
        this.revision = revision;
        this.settings = settings;
        this.archive = archive;
        this.database = database;
    }

    /** Thrown if the objects of the log contradict its checkpoints or the tables. The message states how. */
    public static final class DamagedLogException extends RuntimeException {

        DamagedLogException(String message) {
            super(message);
        }
    }

    /**
     * The log after a command.
     *
     * @param appended entries that the command has added
     * @param root in hexadecimal; null if the log is not up to date
     * @param problem why the log is not up to date, or else its checkpoint not stamped; null if all is done
     */
    public record LogState(
            long size,
            long appended,
            @Nullable String root,
            @Nullable String problem) {}

    /** Appends as {@link #append}; a failure is logged and becomes the problem. Empty if the log is disabled. */
    public Optional<LogState> tryAppend() {
        if (!settings.enabled()) {
            return Optional.empty();
        }
        AtomicLong appended = new AtomicLong();
        String problem = "another node appends";
        // only one node: else one could withdraw what another adopts
        try (RunnerLock lock = RunnerLock.acquire(database, Scope.LOG, "").orElse(null)) {
            if (lock != null) {
                return Optional.of(append(lock::requireHeld, appended));
            }
        } catch (IOException | RuntimeException e) {
            problem = e instanceof StoreException ? String.valueOf(e.getMessage()) : DatabaseErrors.summary(e);
            log.warn("The log of captures is not up to date; a later run continues it: {}", problem);
        }
        return Optional.of(new LogState(0, appended.get(), null, problem));
    }

    /**
     * Adopts what the bucket has and the tables do not have, finishes an interrupted append, and appends all waiting
     * entries.
     *
     * @param requireHeld fails if the lock of the log is lost
     * @param appended is increased by the number of appended entries
     * @throws IOException if this node has not the key of the log
     * @throws DamagedLogException if the objects contradict the checkpoints; nothing is appended then
     */
    LogState append(Runnable requireHeld, AtomicLong appended) throws IOException {
        LogCheckpoint bucket = stored(CHECKPOINT);
        Optional<LogCheckpoint> row = rows.find(bucket);
        LogCheckpoint last = row.isPresent() ? row.get() : adopt(bucket, requireHeld);
        String problem = last.size() > rows.published().size() ? publish(TileTree.of(store, last.size()), last) : null;
        while (true) {
            for (Optional<LogCheckpoint> next = rows.after(last); next.isPresent(); next = rows.after(last)) {
                problem = publish(extend(TileTree.of(store, last.size()), last, entries(last, next.get())), next.get());
                last = next.get();
            }
            List<byte[]> waiting = rows.pending(BATCH);
            if (waiting.isEmpty()) {
                return new LogState(last.size(), appended.get(), last.rootSha256(), problem);
            }
            LogKey _ = key(rows.published()); // before the positions are final
            List<byte[]> entries = new ArrayList<>(entries(last, last));
            entries.addAll(waiting);
            LogCheckpoint next = checkpoint(extend(TileTree.of(store, last.size()), last, entries));
            requireHeld.run();
            rows.append(last, TileTree.full(last.size()), entries, next);
            appended.addAndGet(waiting.size());
        }
    }

    /** Returns the tree with these entries behind the full tiles of a state, which its tiles must lead to. */
    private static TileTree extend(TileTree stored, LogCheckpoint from, List<byte[]> entries) {
        TileTree before = stored.prefix(from.size());
        require(before.root(), from);
        return before.with(entries);
    }

    /** Returns the entries of the tables from the full tiles of a state on. */
    private List<byte[]> entries(LogCheckpoint from, LogCheckpoint to) {
        long first = TileTree.full(from.size());
        List<byte[]> entries = rows.entries(first, to.size());
        if (entries.size() != to.size() - first) {
            throw new DamagedLogException(
                    "the tables lack entries of the positions %d to %d".formatted(first, to.size() - 1));
        }
        return entries;
    }

    /**
     * Writes the objects of a checkpoint: those that were published before as they were, others signed and stamped.
     *
     * @return why it was not stamped; null if it was or need not be
     */
    private @Nullable String publish(TileTree tree, LogCheckpoint checkpoint) throws IOException {
        require(tree.root(), checkpoint);
        LogCheckpoint published = rows.published();
        String text = checkpoint.size() > published.size() ? key(published).sign(checkpoint) : checkpoint.signedText();
        tree.added().forEach((tile, content) -> store.putBytes(tile.key(), content, "application/octet-stream"));
        if (text != null) { // null: a part of what was adopted
            store.putBytes(CHECKPOINT, text.getBytes(UTF_8), TEXT);
        }
        if (text == null || text.equals(checkpoint.signedText())) {
            return null;
        }
        String problem = null;
        try {
            if (!settings.timestampUrl().isEmpty()) {
                new TimeStamps(store).stamp(settings.timestampUrl(), tree.size(), text);
            }
        } catch (IOException | IllegalArgumentException e) {
            problem = "the checkpoint of %d entries has no time stamp: %s".formatted(tree.size(), e.getMessage());
        }
        rows.markPublished(tree.size(), text);
        log.info("Log of captures: {} entries, root {}", tree.size(), checkpoint.rootSha256());
        return problem;
    }

    private String origin() throws IOException {
        return "note-archive/" + revision.archiveId().orElseThrow(() -> new IOException("the archive has no id yet"));
    }

    private Path keyFile() {
        return archive.dataDirectory().resolve("log.key");
    }

    private Optional<LogKey> ownKey() throws IOException {
        return LogKey.find(origin(), settings.key(), keyFile());
    }

    /**
     * Returns the key of the log. Creates it for the first append, and if an operator has emptied its public part.
     *
     * @param signed newest signed checkpoint, by which the key is recognized if its public part is missing
     */
    private LogKey key(LogCheckpoint signed) throws IOException {
        Optional<LogKey> own = ownKey();
        String known = verifier().orElse(signed.size() == 0 ? "" : null);
        boolean isNew = known != null && known.isEmpty();
        if (isNew) {
            if (ArchiveObject.read(store).isEmpty()) {
                revision.advance(); // a rebuild must know the archive, which names the log
            }
            own = own.isPresent() ? own : Optional.of(LogKey.create(origin(), keyFile()));
        }
        LogKey key = own.filter(mine -> isNew
                        || (known == null
                                ? mine.sign(signed).equals(signed.signedText())
                                : mine.verifier().equals(known)))
                .orElseThrow(() -> new IOException(
                        ("this node has not the key of the log; copy %s from the node that has it, or set "
                                        + "archive.proof.key")
                                .formatted(keyFile())));
        if (!key.verifier().equals(known)) {
            store.putBytes(VERIFIER, (key.verifier() + "\n").getBytes(UTF_8), TEXT);
        }
        return key;
    }

    /**
     * Adopts the log in the bucket; nothing if it is not a continuation of the log in the tables. Only empty tables
     * adopt a log whose key this node has not.
     */
    private LogCheckpoint adopt(LogCheckpoint bucket, Runnable requireHeld) throws IOException {
        LogCheckpoint known = rows.published();
        if (bucket.size() <= known.size()) {
            throw unknown(bucket, known);
        }
        String text = String.valueOf(bucket.signedText());
        boolean isTrusted = known.size() == 0 && ownKey().isEmpty();
        if (isTrusted
                ? !text.startsWith(origin() + "\n")
                : !text.equals(key(bucket).sign(bucket))) {
            throw new DamagedLogException("the checkpoint in the bucket is not signed by the key of this log");
        }
        TileTree complete = TileTree.of(store, bucket.size());
        require(complete.root(), bucket);
        require(complete.prefix(known.size()).root(), known);
        requireHeld.run();
        rows.withdraw(known);
        for (LogCheckpoint at = known; at.size() < bucket.size(); ) {
            TileTree stored = TileTree.of(store, bucket.size());
            long first = TileTree.full(at.size());
            List<byte[]> entries = stored.entries(first, Math.min(bucket.size(), first + BATCH));
            LogCheckpoint next = checkpoint(recomputed(stored, at, entries));
            requireHeld.run();
            rows.append(at, first, entries, next);
            at = next;
        }
        LogCheckpoint adopted = rows.find(bucket).orElseThrow(() -> unknown(bucket, known)); // was read again
        rows.markPublished(bucket.size(), text);
        log.warn("Log of captures: adopted {} entries from the bucket", bucket.size() - known.size());
        return adopted;
    }

    private static DamagedLogException unknown(LogCheckpoint bucket, LogCheckpoint known) {
        return new DamagedLogException("the object %s, of %d entries, is not the one that the tables have, of %d"
                .formatted(CHECKPOINT, bucket.size(), known.size()));
    }

    /** Returns the tree as {@link #extend}; fails unless the stored tiles begin with its new ones. */
    private static TileTree recomputed(TileTree stored, LogCheckpoint from, List<byte[]> entries) {
        TileTree tree = extend(stored, from, entries);
        tree.added().forEach((tile, content) -> {
            if (!stored.startsWith(tile, content)) {
                throw new DamagedLogException(
                        "the object %s, or the tile that replaces it, differs from the entries".formatted(tile.key()));
            }
        });
        return tree;
    }

    /**
     * Audits the log up to the next checkpoint that was not audited: recomputes its tiles from the tables, and compares
     * them with the objects.
     *
     * @return whether a checkpoint was audited; false if none is left
     * @throws DamagedLogException if they differ
     */
    public boolean auditNext() {
        LogCheckpoint known = rows.published(); // first, since a run may append meanwhile
        LogCheckpoint bucket = stored(CHECKPOINT);
        LogCheckpoint _ = rows.find(bucket)
                .filter(row -> row.size() >= known.size()
                        && (row.signedText() == null || row.signedText().equals(bucket.signedText())))
                .orElseThrow(() -> unknown(bucket, known));
        TileTree stored = TileTree.of(store, bucket.size());
        require(stored.root(), bucket);
        LogCheckpoint from = rows.audited();
        LogCheckpoint to = rows.after(from).orElse(from);
        if (from.size() == to.size() || to.size() > known.size()) {
            return false;
        }
        require(recomputed(stored, from, entries(from, to)).root(), to);
        rows.markAudited(to);
        return true;
    }

    /**
     * A proof of an entry.
     *
     * @param record what the entry commits to, a line of JSON
     * @param checkpoint the checkpoint that the proof leads to
     * @param text content of a {@code .tlog-proof} file, with salt and record
     * @param stamp time stamp of its checkpoint; null without one
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Proof(
            long position,
            Instant capturedAt,
            String record,
            LogCheckpoint checkpoint,
            String text,
            byte @Nullable [] stamp) {}

    /** Returns the number of entries of a note. */
    public int entriesOf(NoteId note) {
        return rows.of(note).size();
    }

    /**
     * Returns the proofs of a note, oldest first: of the entries whose records its sidecars have. Each refers to the
     * first checkpoint with the entry that is stamped, or else to the first one.
     *
     * @throws DamagedLogException if the objects contradict the checkpoint
     */
    public List<Proof> prove(NoteId note) {
        LogCheckpoint published = rows.published();
        TileTree stored = TileTree.of(store, published.size());
        require(stored.root(), published);
        List<Proof> proofs = new ArrayList<>();
        for (AppendedEntry appended : rows.of(note)) {
            LogEntry entry = Sidecar.find(store, Sidecar.keyOf(note, appended.capturedAt()))
                    .flatMap(Sidecar::logEntry)
                    .filter(current -> DigestUtils.sha256Hex(current.content()).equals(appended.entry()))
                    .orElse(null);
            if (entry != null && appended.position() < published.size()) {
                proofs.add(proof(appended.position(), entry, stored));
            }
        }
        return proofs;
    }

    private Proof proof(long position, LogEntry entry, TileTree stored) {
        Optional<ObjectKey> stamped = new TimeStamps(store).first(position, stored.size());
        LogCheckpoint checkpoint = stamped.map(this::stored).orElseGet(() -> rows.containing(position));
        List<byte[]> siblings = stored.prefix(checkpoint.size()).inclusion(position);
        byte[] leaf = TileTree.leaf(DigestUtils.sha256(entry.content()));
        require(TileTree.root(leaf, position, checkpoint.size(), siblings), checkpoint);
        StringBuilder proof = new StringBuilder("c2sp.org/tlog-proof@v1\nextra ")
                .append(BASE64.encodeToString(entry.content()))
                .append("\nindex ")
                .append(position)
                .append('\n');
        siblings.forEach(hash -> proof.append(BASE64.encodeToString(hash)).append('\n'));
        proof.append('\n').append(checkpoint.signedText());
        byte[] stamp = stamped.flatMap(text -> store.find(TimeStamps.stampOf(text), TimeStamps.MAX_LENGTH))
                .orElse(null);
        return new Proof(position, entry.capturedAt(), entry.record(), checkpoint, proof.toString(), stamp);
    }

    /** Returns the public key of the log; empty before the first append. */
    public Optional<String> verifier() {
        return store.find(VERIFIER, TimeStamps.MAX_LENGTH).map(text -> new String(text, UTF_8).strip());
    }

    /** Returns a checkpoint in the bucket. */
    private LogCheckpoint stored(ObjectKey key) {
        Optional<byte[]> object = store.find(key, TimeStamps.MAX_LENGTH);
        if (object.isEmpty()) {
            return LogCheckpoint.EMPTY;
        }
        String text = new String(object.get(), UTF_8);
        Matcher start = START.matcher(text);
        if (!start.matches()) {
            throw new DamagedLogException("the object " + key + " is not a checkpoint");
        }
        String root = HEX.formatHex(Base64.getDecoder().decode(start.group(2)));
        return new LogCheckpoint(Long.parseLong(start.group(1)), root, text);
    }

    private static LogCheckpoint checkpoint(TileTree tree) {
        return new LogCheckpoint(tree.size(), HEX.formatHex(tree.root()), null);
    }

    private static void require(byte[] root, LogCheckpoint checkpoint) {
        if (!HEX.formatHex(root).equals(checkpoint.rootSha256())) {
            throw new DamagedLogException("the objects below log/ do not lead to the checkpoint of %d entries, root %s"
                    .formatted(checkpoint.size(), checkpoint.rootSha256()));
        }
    }
}

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
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.prove.TileTree.Tile;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
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
 * behind the bucket's, such as a restored dump, adopts the entries of the bucket before it appends.
 */
@Component
public record CaptureLog(
        LogRepository rows,
        ObjectStore store,
        ArchiveRevision revision,
        ProofProperties settings,
        ArchiveProperties archive,
        JdbcConnectionDetails database) {

    public static final ObjectKey CHECKPOINT = new ObjectKey("log/checkpoint");

    private static final ObjectKey VERIFIER = new ObjectKey("log/verifier");

    private static final Logger log = LoggerFactory.getLogger(CaptureLog.class);

    /** Most entries between two checkpoints, a whole number of tiles. */
    static final int BATCH = 256 * TileTree.WIDTH;

    private static final int MAX_TEXT = 1 << 16;
    private static final String TEXT = "text/plain; charset=utf-8";
    private static final HexFormat HEX = HexFormat.of();
    private static final Base64.Encoder BASE64 = Base64.getEncoder();

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
     * @param root in hexadecimal; null if unknown
     * @param problem why the log is not up to date, or its checkpoint not stamped; null if all is done
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
        // only one node: else one could withdraw what another adopts
        try (RunnerLock lock = RunnerLock.acquire(database, Scope.LOG, "").orElse(null)) {
            return Optional.of(lock == null ? new LogState(0, 0, null, "another node appends") : append());
        } catch (IOException | RuntimeException e) {
            boolean isOwn = e instanceof StoreException || e instanceof DamagedLogException;
            String problem = isOwn ? String.valueOf(e.getMessage()) : DatabaseErrors.summary(e);
            log.warn("The log of captures is not up to date; a later run continues it: {}", problem);
            return Optional.of(new LogState(0, 0, null, problem));
        }
    }

    /**
     * Adopts what the bucket has and the tables do not have, finishes an interrupted append, and appends all waiting
     * entries. Requires the lock of the log.
     *
     * @throws IOException if this node has not the key of the log
     * @throws DamagedLogException if the objects contradict the checkpoints; nothing is appended then
     */
    LogState append() throws IOException {
        LogCheckpoint last = stored();
        if (last.size() > rows.published().size()) {
            adopt(last);
        }
        long appended = 0;
        String problem = null;
        while (true) {
            for (Optional<LogCheckpoint> next = rows.after(last); next.isPresent(); next = rows.after(last)) {
                problem = publish(extend(unverified(last.size()), last, entries(last, next.get())), next.get());
                last = next.get();
            }
            List<byte[]> waiting = rows.pending(BATCH);
            if (waiting.isEmpty()) {
                return new LogState(last.size(), appended, last.rootSha256(), problem);
            }
            LogKey _ = key(); // before the positions are final
            List<byte[]> entries = new ArrayList<>(entries(last, last));
            entries.addAll(waiting);
            LogCheckpoint next = checkpoint(extend(unverified(last.size()), last, entries));
            if (!rows.append(last, TileTree.full(last.size()), entries, next)) {
                throw new DamagedLogException("the log in the tables does not end with the checkpoint in the bucket");
            }
            appended += waiting.size();
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

    /** Writes the objects of a checkpoint; returns why it was not stamped, null if it was or need not be. */
    private @Nullable String publish(TileTree tree, LogCheckpoint checkpoint) throws IOException {
        require(tree.root(), checkpoint);
        String text = sign(key(), checkpoint);
        tree.added().forEach((tile, content) -> store.putBytes(tile.key(), content, "application/octet-stream"));
        store.putBytes(CHECKPOINT, text.getBytes(UTF_8), TEXT);
        boolean isStamping = !settings.timestampUrl().isEmpty();
        String problem = null;
        try {
            if (isStamping) {
                byte[] stamp = TimeStamps.stamp(URI.create(settings.timestampUrl()), text.getBytes(UTF_8));
                store.putBytes(stampKey(checkpoint), stamp, "application/timestamp-reply");
            }
        } catch (IOException | IllegalArgumentException e) {
            problem = "the checkpoint of %d entries has no time stamp: %s".formatted(tree.size(), e.getMessage());
        }
        rows.markPublished(tree.size(), text, isStamping && problem == null);
        log.info("Log of captures: {} entries, root {}", tree.size(), checkpoint.rootSha256());
        return problem;
    }

    private static ObjectKey stampKey(LogCheckpoint checkpoint) {
        return new ObjectKey("log/stamps/" + checkpoint.size() + ".tsr");
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

    /** Returns the key of the log. The first append creates it, and stores its public part. */
    private LogKey key() throws IOException {
        Optional<LogKey> own = ownKey();
        Optional<String> known = verifier();
        if (known.isEmpty()) {
            if (ArchiveObject.read(store).isEmpty()) {
                revision.advance(); // a rebuild must know the archive, which names the log
            }
            LogKey key = own.isPresent() ? own.get() : LogKey.create(origin(), keyFile());
            store.putBytes(VERIFIER, (key.verifier() + "\n").getBytes(UTF_8), TEXT);
            return key;
        }
        return own.filter(key -> key.verifier().equals(known.get()))
                .orElseThrow(() -> new IOException(
                        "this node has not the key of the log, %s; copy %s from the node that has it, or set archive.proof.key"
                                .formatted(known.get(), keyFile())));
    }

    private static String sign(LogKey key, LogCheckpoint checkpoint) {
        String root = BASE64.encodeToString(HEX.parseHex(checkpoint.rootSha256()));
        return key.sign("%s\n%d\n%s\n".formatted(key.origin(), checkpoint.size(), root));
    }

    /** Adopts the log in the bucket; nothing if it is not a continuation of the log in the tables. */
    private void adopt(LogCheckpoint bucket) throws IOException {
        String text = String.valueOf(bucket.signedText());
        if (!text.startsWith(origin() + "\n")
                || ownKey().filter(key -> !sign(key, bucket).equals(text)).isPresent()) {
            throw new DamagedLogException("the checkpoint in the bucket is not signed by the key of this log");
        }
        require(unverified(bucket.size()).root(), bucket);
        LogCheckpoint known = rows.published();
        require(unverified(bucket.size()).prefix(known.size()).root(), known);
        rows.withdraw(known);
        for (LogCheckpoint at = known; at.size() < bucket.size(); ) {
            TileTree stored = unverified(bucket.size());
            long first = TileTree.full(at.size());
            List<byte[]> entries = stored.entries(first, Math.min(bucket.size(), first + BATCH));
            TileTree tree = extend(stored, at, entries);
            requireStored(tree, stored);
            LogCheckpoint next = checkpoint(tree);
            if (!rows.append(at, first, entries, next)) {
                throw new DamagedLogException("the log was changed at the same time");
            }
            at = next;
        }
        boolean isStamped = store.stat(stampKey(bucket)).isPresent();
        rows.markPublished(bucket.size(), text, isStamped);
        log.warn("Log of captures: adopted {} entries from the bucket", bucket.size() - known.size());
    }

    private static void requireStored(TileTree tree, TileTree stored) {
        tree.added().forEach((tile, content) -> {
            if (!stored.startsWith(tile, content)) {
                throw new DamagedLogException(
                        "the object %s, or the tile that replaces it, differs from the entries".formatted(tile.key()));
            }
        });
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
        LogCheckpoint bucket = stored();
        boolean isKnown = bucket.size() > known.size() || Objects.equals(bucket.signedText(), known.signedText());
        if (!isKnown) {
            throw new DamagedLogException("the object %s is not the one that the tables have, of %d entries"
                    .formatted(CHECKPOINT, known.size()));
        }
        TileTree stored = unverified(bucket.size());
        require(stored.root(), bucket);
        require(stored.prefix(known.size()).root(), known);
        LogCheckpoint from = rows.audited();
        LogCheckpoint to = rows.after(from).orElse(from);
        if (from.size() == to.size() || to.size() > known.size()) {
            return false;
        }
        TileTree tree = extend(stored, from, entries(from, to));
        requireStored(tree, stored);
        require(tree.root(), to);
        rows.markAudited(to);
        return true;
    }

    /**
     * A proof of an entry.
     *
     * @param text content of a {@code .tlog-proof} file, with salt and record
     * @param stamp time stamp of its checkpoint; null without one
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared
    public record Proof(long position, Instant capturedAt, String text, byte @Nullable [] stamp) {}

    /**
     * Returns the proofs of a note, oldest first: of the entries whose records its sidecars have. Each refers to the
     * first checkpoint with the entry that is stamped, or else to the first one.
     *
     * @throws DamagedLogException if the objects contradict the checkpoint
     */
    public List<Proof> prove(NoteId note) {
        TileTree stored = unverified(rows.published().size());
        List<Proof> proofs = new ArrayList<>();
        for (AppendedEntry logged : rows.of(note)) {
            LogEntry entry = Sidecar.find(store, Sidecar.keyOf(note, logged.capturedAt()))
                    .flatMap(Sidecar::logEntry)
                    .filter(current -> DigestUtils.sha256Hex(current.content()).equals(logged.entry()))
                    .orElse(null);
            LogCheckpoint checkpoint = rows.containing(logged.position()).orElse(null);
            if (entry != null && checkpoint != null) {
                proofs.add(proof(logged.position(), entry, checkpoint, stored.prefix(checkpoint.size())));
            }
        }
        return proofs;
    }

    private Proof proof(long position, LogEntry entry, LogCheckpoint checkpoint, TileTree tree) {
        List<byte[]> siblings = tree.inclusion(position);
        byte[] leaf = TileTree.leaf(DigestUtils.sha256(entry.content()));
        require(TileTree.root(leaf, position, checkpoint.size(), siblings), checkpoint);
        StringBuilder text = new StringBuilder("c2sp.org/tlog-proof@v1\nextra ")
                .append(BASE64.encodeToString(entry.content()))
                .append("\nindex ")
                .append(position)
                .append('\n');
        siblings.forEach(hash -> text.append(BASE64.encodeToString(hash)).append('\n'));
        text.append('\n').append(checkpoint.signedText());
        byte[] stamp = checkpoint.stampedAt() == null ? null : store.read(stampKey(checkpoint));
        return new Proof(position, entry.capturedAt(), text.toString(), stamp);
    }

    /** Returns the public key of the log; empty before the first append. */
    public Optional<String> verifier() {
        return store.find(VERIFIER, MAX_TEXT).map(text -> new String(text, UTF_8).strip());
    }

    /** Returns the checkpoint in the bucket. */
    private LogCheckpoint stored() {
        Optional<byte[]> object = store.find(CHECKPOINT, MAX_TEXT);
        if (object.isEmpty()) {
            return LogCheckpoint.EMPTY;
        }
        String text = new String(object.get(), UTF_8);
        String[] lines = text.split("\n", -1);
        try {
            String root = HEX.formatHex(Base64.getDecoder().decode(lines[2]));
            return new LogCheckpoint(Long.parseLong(lines[1]), root, text, null);
        } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            throw new DamagedLogException("the object " + CHECKPOINT + " is not a checkpoint");
        }
    }

    private byte[] read(Tile tile) {
        return store.find(tile.key(), tile.size() + 1)
                .filter(content -> content.length == tile.size())
                .orElseThrow(() ->
                        new DamagedLogException("the object " + tile.key() + " is missing, or has another length"));
    }

    /** Returns the tree of the bucket's tiles, which are read once. */
    private TileTree unverified(long size) {
        Map<Tile, byte[]> read = new HashMap<>();
        return new TileTree(size, tile -> read.computeIfAbsent(tile, this::read), Map.of());
    }

    private static LogCheckpoint checkpoint(TileTree tree) {
        return new LogCheckpoint(tree.size(), HEX.formatHex(tree.root()), null, null);
    }

    private static void require(byte[] root, LogCheckpoint checkpoint) {
        if (!HEX.formatHex(root).equals(checkpoint.rootSha256())) {
            throw new DamagedLogException("the objects below log/ do not lead to the checkpoint of %d entries, root %s"
                    .formatted(checkpoint.size(), checkpoint.rootSha256()));
        }
    }
}

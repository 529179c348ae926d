package io.github.notearchive.maintenance.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Damage.Kind;
import io.github.notearchive.archive.catalog.Expected.LogObjects;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.archive.catalog.RestorableSidecar;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.Sidecar.BrokenSidecarException;
import io.github.notearchive.archive.catalog.SidecarComparison;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Reads one object completely and compares it with the tables.
 *
 * <p>A file is read as a stream with 64 KiB of memory, a sidecar into memory. Temporary errors are retried
 * {@code archive.store.tries} times. Thread-safe.
 */
@Component
public class ObjectCheck {

    /** Maximum length of a sidecar, far beyond that of the largest accepted response. Foreign objects may be larger. */
    private static final int LONGEST_SIDECAR = 128 << 20;

    private final ObjectStore store;
    private final SidecarComparison tables;

    ObjectCheck(ObjectStore store, SidecarComparison tables) {
        this.store = store;
        this.tables = tables;
    }

    boolean isStoreReachable() {
        return store.isReachable();
    }

    /** Checks an object, however long that takes. */
    @Nullable
    Verdict check(Expected expected) {
        return check(expected, () -> false);
    }

    /**
     * Checks an object; fails for an error of the store, which does not describe the object during an outage.
     *
     * @param ended queried while a file is read
     * @return null for a sidecar while a run works on its note, or while it is due
     * @throws CancellationException if the check has ended before its verdict
     */
    @Nullable
    Verdict check(Expected expected, BooleanSupplier ended) {
        try {
            return switch (expected) {
                case MediaFile file -> store.read(file.key(), (in, _) -> compare(file, in, ended));
                case SidecarFile sidecar -> checkSidecar(sidecar);
                case LogObjects log -> throw new IllegalArgumentException(log.description());
            };
        } catch (StoreException e) {
            if (!e.absent()) {
                throw e;
            }
            Kind kind = expected instanceof MediaFile ? Kind.MISSING : Kind.SIDECAR_MISSING;
            return new Verdict(expected, new Damage(kind, "no such key"), 0);
        }
    }

    private static Verdict compare(MediaFile file, InputStream in, BooleanSupplier ended) throws IOException {
        MessageDigest digest = DigestUtils.getSha256Digest();
        byte[] buffer = new byte[64 * 1024];
        long size = 0;
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            if (ended.getAsBoolean()) {
                throw new CancellationException("the audit has ended");
            }
            digest.update(buffer, 0, count);
            size += count;
        }
        String sha256 = HexFormat.of().formatHex(digest.digest());
        Damage damage = null;
        if (size != file.size()) {
            damage = new Damage(Kind.SIZE, size + " bytes");
        } else if (!sha256.equals(file.sha256())) {
            damage = new Damage(Kind.CORRUPT, "sha256 " + sha256);
        }
        return new Verdict(file, damage, size);
    }

    /** Reads a sidecar that differs from the tables again while no run can change either. */
    private @Nullable Verdict checkSidecar(SidecarFile sidecar) {
        Verdict verdict = readSidecar(sidecar);
        Damage damage = verdict.damage();
        return damage != null && damage.kind() == Kind.SIDECAR_STALE
                ? tables.whileWritten(sidecar.note(), () -> readSidecar(sidecar))
                        .orElse(null)
                : verdict;
    }

    private Verdict readSidecar(SidecarFile sidecar) {
        return Sidecar.open(
                        store,
                        sidecar.key(),
                        LONGEST_SIDECAR + 1,
                        (bytes, putSha256) -> new Verdict(sidecar, damage(sidecar, bytes, putSha256), bytes.length))
                .get();
    }

    /** Returns why these bytes are not the sidecar of its capture, or not the current one; null if they are. */
    private @Nullable Damage damage(SidecarFile sidecar, byte[] bytes, Optional<String> putSha256) {
        if (bytes.length > LONGEST_SIDECAR) {
            return new Damage(Kind.SIDECAR_CORRUPT, "more than " + LONGEST_SIDECAR + " bytes");
        }
        try {
            RestorableSidecar found =
                    RestorableSidecar.read(Sidecar.keyOf(sidecar.note(), sidecar.capturedAt()), bytes);
            String answerSha256 = DigestUtils.sha256Hex(found.sidecar().answer());
            if (sidecar.answerSha256() != null && !sidecar.answerSha256().equals(answerSha256)) {
                return new Damage(Kind.SIDECAR_CORRUPT, "another response than that of the ledger");
            }
            // the checksum of the upload only proves that the bytes are unchanged since then
            String sha256 = DigestUtils.sha256Hex(bytes);
            if (putSha256.isPresent() && !putSha256.get().equals(sha256)) {
                return new Damage(
                        Kind.SIDECAR_CORRUPT, "sha256 " + sha256 + " instead of the uploaded " + putSha256.get());
            }
            return tables.difference(found)
                    .map(difference -> new Damage(Kind.SIDECAR_STALE, difference))
                    .orElse(null);
        } catch (BrokenSidecarException e) {
            return new Damage(Kind.SIDECAR_CORRUPT, bytes.length + " bytes that cannot be used: " + e.getMessage());
        }
    }

    /**
     * Tests that an audit finds errors: stores damaged objects, checks them by {@link ObjectCheck}, and removes them.
     *
     * <p>Its objects are stored under {@value #AREA}, which the archive does not use, and have no rows. The area is
     * empty after each test; objects of a killed test are removed by the next one.
     */
    @Component
    public static final class SelfTest {

        static final String AREA = "fixity-probe/";

        private static final NoteId NOTE = new NoteId("0".repeat(24));

        /** A usable sidecar of a note that the tables do not have. */
        private static final byte[] STALE = """
                {"format": "note-archive/sidecar/2", "noteId": "%s", "capturedAt": "1970-01-01T00:00:00Z", "callId": 1,
                 "call": {"endpoint": "note-detail/v1", "sentAt": "1970-01-01T00:00:00Z", "refresh": false},
                 "worklist": {"state": "ARCHIVED", "responseHeld": false, "attempts": 0, "attemptsTonight": 0,
                              "mediaAttempts": 0, "mediaAttemptsTonight": 0, "refreshAttempts": 0, "priority": 5,
                              "source": "probe", "enqueuedAt": "1970-01-01T00:00:00Z"},
                 "answer": "{\\"code\\": 0, \\"data\\": []}"}
                """.formatted(NOTE).getBytes(UTF_8);

        private final ObjectStore store;
        private final ObjectCheck check;

        SelfTest(ObjectStore store, ObjectCheck check) {
            this.store = store;
            this.check = check;
        }

        /** One object of the test, and the expected finding; null for none. */
        public record Probe(String planted, @Nullable Kind expected, String said, boolean found) {}

        /** Executes the test. If the store fails, the objects stored so far are removed if possible. */
        List<Probe> run() {
            store.requireBucket();
            clear();
            try {
                return checkPlanted(AREA + UUID.randomUUID() + "/");
            } finally {
                clear();
            }
        }

        private List<Probe> checkPlanted(String prefix) {
            byte[] bytes = ("a probe of the fixity audit, planted under " + prefix).getBytes(UTF_8);
            byte[] flipped = bytes.clone();
            flipped[flipped.length / 2] ^= 1;
            byte[] other = "{\"format\": \"none of ours\"}".getBytes(UTF_8);
            return List.of(
                    check("an intact object", file(prefix + "intact", bytes, 0), bytes, null),
                    check("an object with one bit flipped", file(prefix + "corrupt", bytes, 0), flipped, Kind.CORRUPT),
                    check("an object that lacks its last byte", file(prefix + "cut", bytes, 1), bytes, Kind.SIZE),
                    check("no object", file(prefix + "missing", bytes, 0), null, Kind.MISSING),
                    check(
                            "a sidecar of an unknown format",
                            sidecar(prefix + "sidecar.json"),
                            other,
                            Kind.SIDECAR_CORRUPT),
                    check("a sidecar unlike the tables", sidecar(prefix + "stale.json"), STALE, Kind.SIDECAR_STALE),
                    check("no sidecar", sidecar(prefix + "no-sidecar.json"), null, Kind.SIDECAR_MISSING));
        }

        private static MediaFile file(String key, byte[] bytes, int lacking) {
            return new MediaFile(new ObjectKey(key), DigestUtils.sha256Hex(bytes), (long) bytes.length + lacking);
        }

        private static SidecarFile sidecar(String key) {
            return new SidecarFile(new ObjectKey(key), NOTE, 0, Instant.EPOCH, null);
        }

        private Probe check(String planted, Expected object, byte @Nullable [] bytes, @Nullable Kind expected) {
            if (bytes != null) {
                store.putBytes(object.key(), bytes, "application/octet-stream");
            }
            Damage damage = Objects.requireNonNull(check.check(object)).damage();
            return damage == null
                    ? new Probe(planted, expected, "intact", expected == null)
                    : new Probe(planted, expected, damage.kind() + ", " + damage.seen(), damage.kind() == expected);
        }

        private void clear() {
            listed().forEach(store::remove);
            if (!listed().isEmpty()) {
                throw new IllegalStateException(
                        "The store still lists removed objects below " + AREA + ": " + listed());
            }
        }

        private List<String> listed() {
            try (Stream<StoredObject> objects = store.listAll(AREA, null)) {
                return objects.map(StoredObject::name).toList();
            }
        }
    }
}

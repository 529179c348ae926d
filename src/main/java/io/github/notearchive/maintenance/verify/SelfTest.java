package io.github.notearchive.maintenance.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Damage.FindingKind;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.batch.JobRunner;
import io.github.notearchive.batch.RunnerLock;
import io.github.notearchive.batch.RunnerLock.Scope;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoredObject;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/**
 * Tests that an audit finds errors: stores damaged objects, checks them by {@link ObjectCheck}, and removes them.
 *
 * <p>Its objects are stored under {@value #AREA}, which the archive does not use, and have no rows. The area is empty
 * after each test; objects of a killed test are removed by the next one.
 */
@Component
public final class SelfTest {

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

    private final JobRunner jobs;
    private final ObjectStore store;
    private final ObjectCheck check;

    SelfTest(JobRunner jobs, ObjectStore store, ObjectCheck check) {
        this.jobs = jobs;
        this.store = store;
        this.check = check;
    }

    /** One object of the test, and the expected finding; null for none. */
    public record Probe(String planted, @Nullable FindingKind expected, String said, boolean found) {}

    /**
     * Executes the test; empty if another process is auditing. If the store fails, the objects stored so far are
     * removed if possible.
     */
    public Optional<List<Probe>> run() {
        try (RunnerLock lock = jobs.lock(Scope.AUDIT, "").orElse(null)) {
            return lock == null ? Optional.empty() : Optional.of(probe());
        }
    }

    private List<Probe> probe() {
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
                check(
                        "an object with one bit flipped",
                        file(prefix + "corrupt", bytes, 0),
                        flipped,
                        FindingKind.CORRUPT),
                check("an object that lacks its last byte", file(prefix + "cut", bytes, 1), bytes, FindingKind.SIZE),
                check("no object", file(prefix + "missing", bytes, 0), null, FindingKind.MISSING),
                check(
                        "a sidecar of an unknown format",
                        sidecar(prefix + "sidecar.json"),
                        other,
                        FindingKind.SIDECAR_CORRUPT),
                check("a sidecar unlike the tables", sidecar(prefix + "stale.json"), STALE, FindingKind.SIDECAR_STALE),
                check("no sidecar", sidecar(prefix + "no-sidecar.json"), null, FindingKind.SIDECAR_MISSING));
    }

    private static MediaFile file(String key, byte[] bytes, int lacking) {
        return new MediaFile(new ObjectKey(key), DigestUtils.sha256Hex(bytes), (long) bytes.length + lacking);
    }

    private static SidecarFile sidecar(String key) {
        return new SidecarFile(new ObjectKey(key), NOTE, 0, Instant.EPOCH, null);
    }

    private Probe check(String planted, Expected object, byte @Nullable [] bytes, @Nullable FindingKind expected) {
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
            throw new IllegalStateException("The store still lists removed objects below " + AREA + ": " + listed());
        }
    }

    private List<String> listed() {
        try (Stream<StoredObject> objects = store.listAll(AREA, null)) {
            return objects.map(StoredObject::name).toList();
        }
    }
}

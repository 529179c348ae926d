package io.github.notearchive.maintenance.verify;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.archive.catalog.Damage.Kind;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Verdict.Damaged;
import io.github.notearchive.archive.catalog.Verdict.Intact;
import io.github.notearchive.archive.catalog.Verdict.Unread;
import io.github.notearchive.archive.catalog.Verdict.Untouched;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.store.ListedObject;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;

/**
 * Proves that an audit would find an error: plants errors, has {@link ObjectCheck} look at them, and takes them away.
 *
 * <p>What it plants lies under {@value #AREA}, where nothing of the archive ever does, and no row knows it. Whatever
 * becomes of the test, that area is empty afterwards; what a test that was killed left there goes with the next one.
 */
@Component
public class SelfTest {

    /** Where in the bucket the planted objects lie. */
    public static final String AREA = "fixity-probe/";

    private static final Logger log = LoggerFactory.getLogger(SelfTest.class);
    private static final NoteId NOTE = new NoteId("0".repeat(24));

    private final ObjectStore store;
    private final ObjectCheck check;

    SelfTest(ObjectStore store, ObjectCheck check) {
        this.store = store;
        this.check = check;
    }

    /**
     * One planted object.
     *
     * @param planted what was planted
     * @param expected what the check must say; null: that nothing is wrong
     * @param said what it said, for a person to read
     * @param found whether that is right
     */
    public record Probe(String planted, @Nullable Kind expected, String said, boolean found) {}

    /**
     * Plants, looks and clears up.
     *
     * @throws StoreException when the store is out of reach; what was planted until then is removed as far as it lets
     *     us
     */
    public List<Probe> run() {
        store.requireBucket();
        clear();
        try {
            return plantAndLook(AREA + UUID.randomUUID() + "/");
        } finally {
            clear();
        }
    }

    private List<Probe> plantAndLook(String prefix) {
        byte[] bytes = ("a probe of the fixity audit, planted under " + prefix).getBytes(UTF_8);
        byte[] flipped = bytes.clone();
        flipped[flipped.length / 2] ^= 1;
        String sha256 = DigestUtils.sha256Hex(bytes);
        List<Probe> probes = new ArrayList<>();

        MediaFile intact = new MediaFile(new ObjectKey(prefix + "intact"), sha256, bytes.length);
        put(intact, bytes);
        probes.add(look("an object as it should be", intact, null));

        MediaFile corrupt = new MediaFile(new ObjectKey(prefix + "corrupt"), sha256, bytes.length);
        put(corrupt, flipped);
        probes.add(look("an object with one bit flipped", corrupt, Kind.CORRUPT));

        MediaFile cut = new MediaFile(new ObjectKey(prefix + "cut"), sha256, bytes.length + 1L);
        put(cut, bytes);
        probes.add(look("an object that lacks its last byte", cut, Kind.SIZE));

        MediaFile missing = new MediaFile(new ObjectKey(prefix + "missing"), sha256, bytes.length);
        probes.add(look("no object", missing, Kind.MISSING));

        SidecarFile sidecar = new SidecarFile(new ObjectKey(prefix + "sidecar.json"), NOTE, 0, Instant.EPOCH, null);
        put(sidecar, "{\"format\": \"none of ours\"}".getBytes(UTF_8));
        probes.add(look("a sidecar that is none", sidecar, Kind.SIDECAR_CORRUPT));

        SidecarFile without = new SidecarFile(new ObjectKey(prefix + "no-sidecar.json"), NOTE, 0, Instant.EPOCH, null);
        probes.add(look("no sidecar", without, Kind.SIDECAR_MISSING));
        return probes;
    }

    private void put(Expected object, byte[] bytes) {
        store.putBytes(object.key(), bytes, "application/octet-stream");
    }

    private Probe look(String planted, Expected object, @Nullable Kind expected) {
        return switch (check.check(object, () -> false)) {
            case Intact _ -> new Probe(planted, expected, "intact", expected == null);
            case Damaged damaged ->
                new Probe(
                        planted,
                        expected,
                        damaged.damage().kind() + ", " + damaged.damage().seen(),
                        damaged.damage().kind() == expected);
            case Unread unread -> throw unread.error();
            case Untouched _ -> new Probe(planted, expected, "not looked at", false);
        };
    }

    private void clear() {
        List<String> left = listed();
        for (String name : left) {
            try {
                store.remove(name);
            } catch (StoreException e) {
                log.warn("{}; it is tried once more", e.getMessage());
                store.remove(name);
            }
        }
        if (!listed().isEmpty()) {
            throw new IllegalStateException("The store still lists what was removed below " + AREA + ": " + listed());
        }
    }

    private List<String> listed() {
        try (Stream<ListedObject> objects = store.listAll(AREA, null)) {
            return objects.map(ListedObject::name).toList();
        }
    }
}

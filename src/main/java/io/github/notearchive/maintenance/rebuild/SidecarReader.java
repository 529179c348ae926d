package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.RestorableSidecar;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.Sidecar.BrokenSidecarException;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.batch.Gate;
import io.github.notearchive.maintenance.rebuild.SidecarReader.OpenSidecar;
import io.github.notearchive.maintenance.rebuild.SidecarReader.Refused;
import io.github.notearchive.maintenance.rebuild.SidecarReader.Restorable;
import io.github.notearchive.note.NoteId;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Gatherers;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Reads sidecars from the bucket. An object that cannot be used is refused with a reason, and is not changed. */
@Component
final class SidecarReader {

    /**
     * Maximum length without the response: about 500 bytes for each file, of which few notes have more than 40, and the
     * words of 16 subtitles, at most 60,000 bytes each.
     */
    private static final int MAX_WITHOUT_RESPONSE = 1 << 20;

    /** Number of sidecars that are read in parallel, except large ones. */
    private static final int PARALLEL = 16;

    private final ObjectStore store;
    private final ErasureList erasures;
    private final ErasureRepository rows;
    private final NoteSourceProperties source;

    SidecarReader(ObjectStore store, ErasureList erasures, ErasureRepository rows, NoteSourceProperties source) {
        this.store = store;
        this.erasures = erasures;
        this.rows = rows;
        this.source = source;
    }

    /** Contents of an object where a sidecar is expected. */
    sealed interface SidecarFound {}

    /** A sidecar; with the reason if only its call and response can be used. */
    record Restorable(RestorableSidecar content, @Nullable String flaw) implements SidecarFound {}

    record Refused(String name, String reason) implements SidecarFound {}

    /** A sidecar that is read, unless it is large. */
    record OpenSidecar(String name, Supplier<SidecarFound> content) {}

    /**
     * Reads listed sidecars in parallel, and returns them in order. No transaction is open meanwhile, so that a node
     * that is frozen holds no lock. A failure of the store closes the gate, and ends them.
     */
    Supplier<@Nullable OpenSidecar> open(Supplier<@Nullable StoredObject> listed, Gate gate) {
        Iterator<OpenSidecar> opened = Stream.generate(() -> Optional.ofNullable(listed.get()))
                .takeWhile(Optional::isPresent)
                .flatMap(Optional::stream)
                .gather(Gatherers.mapConcurrent(PARALLEL, object -> new OpenSidecar(object.name(), open(object))))
                .iterator();
        return () -> {
            try {
                return !gate.isClosed() && opened.hasNext() ? opened.next() : null;
            } catch (StoreException e) {
                gate.close(ExitCode.UPSTREAM_UNAVAILABLE, String.valueOf(e.getMessage()));
                return null;
            }
        };
    }

    Supplier<SidecarFound> open(StoredObject object) {
        // in a JSON string, each byte of the response takes two at most: a quotation mark and its backslash
        int largest = (int)
                Math.min(Integer.MAX_VALUE - 8, 2 * source.maxResponseSize().toBytes() + MAX_WITHOUT_RESPONSE);
        if (object.size() > largest) {
            String reason = "its %d bytes are too many for a response of archive.source.max-response-size"
                    .formatted(object.size());
            return () -> new Refused(object.name(), reason);
        }
        try {
            ObjectKey key = new ObjectKey(object.name());
            return Sidecar.open(store, key, largest, (bytes, _) -> found(key, bytes));
        } catch (IllegalArgumentException e) {
            return () -> new Refused(object.name(), String.valueOf(e.getMessage()));
        } catch (StoreException e) {
            if (e.absent()) {
                return () -> new Refused(object.name(), "it was removed before it was read");
            }
            throw e;
        }
    }

    private SidecarFound found(ObjectKey key, byte[] bytes) {
        try {
            return readable(RestorableSidecar.read(key, bytes), null);
        } catch (BrokenSidecarException flaw) {
            try {
                return readable(RestorableSidecar.readResponse(key, bytes), flaw.getMessage());
            } catch (BrokenSidecarException e) {
                return new Refused(key.value(), String.valueOf(flaw.getMessage()));
            }
        }
    }

    private SidecarFound readable(RestorableSidecar found, @Nullable String flaw) {
        NoteId id = found.sidecar().noteId();
        if (!erasures.covers(id, found.author())) {
            return new Restorable(found, flaw);
        }
        rows.reopen(id);
        return new Refused(
                found.sidecar().key().value(),
                "its note was forgotten, and this object remains; forget %s --yes removes it".formatted(id));
    }
}

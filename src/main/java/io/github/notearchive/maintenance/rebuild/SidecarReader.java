package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.Sidecar.BrokenSidecarException;
import io.github.notearchive.archive.ledger.PaidResponses.PaidCall;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.ResponseReader;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import io.github.notearchive.store.StoredObject;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Gatherers;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/** Reads sidecars from the bucket. An object that cannot be used is refused with a reason, and is not changed. */
@Component
record SidecarReader(ObjectStore store, ErasureList erasures, ErasureRepository rows, NoteSourceProperties source) {

    /** Maximum length without the response: about 500 bytes for each file, and few notes have more than 40. */
    private static final int MAX_WITHOUT_RESPONSE = 1 << 20;

    /** Maximum number of sidecars that are read in parallel. */
    private static final int BATCH = 16;

    /** Maximum length of these together; a longer one is read alone. */
    private static final long BATCH_BYTES = 8L << 20;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    /** Contents of an object where a sidecar is expected. */
    sealed interface SidecarFound {}

    /** A sidecar; without capture if the catalog has no row of it. */
    record Restorable(
            Sidecar sidecar, PaidCall call, @Nullable NoteCapture capture, WorklistRow row) implements SidecarFound {}

    record Refused(String name, String reason) implements SidecarFound {}

    /** Reads sidecars in parallel, and passes each to the consumer, in order. Fails if the store does. */
    void forEach(Iterable<? extends StoredObject> objects, Consumer<SidecarFound> consumer) {
        List<StoredObject> batch = new ArrayList<>();
        long bytes = 0;
        for (StoredObject object : objects) {
            if (batch.size() == BATCH || bytes + object.size() > BATCH_BYTES) {
                readBatch(batch, consumer);
                batch.clear();
                bytes = 0;
            }
            batch.add(object);
            bytes += object.size();
        }
        readBatch(batch, consumer);
    }

    private void readBatch(List<StoredObject> batch, Consumer<SidecarFound> consumer) {
        batch.stream().gather(Gatherers.mapConcurrent(BATCH, this::read)).forEach(consumer);
    }

    SidecarFound read(StoredObject object) {
        // in a JSON string, each byte of the response takes two at most: a quotation mark and its backslash
        int largest =
                (int) Math.min(Integer.MAX_VALUE - 8, 2 * source.maxAnswerSize().toBytes() + MAX_WITHOUT_RESPONSE);
        try {
            ObjectKey key = ObjectKey.parse(object.name())
                    .orElseThrow(() -> new BrokenSidecarException("its name is not that of an object of the archive"));
            if (object.size() > largest) {
                throw new BrokenSidecarException(
                        "its %d bytes are too many for a response of archive.source.max-answer-size"
                                .formatted(object.size()));
            }
            return readable(Sidecar.read(key, store.read(key, (in, _) -> in.readNBytes(largest))));
        } catch (BrokenSidecarException | IllegalArgumentException e) {
            return new Refused(object.name(), String.valueOf(e.getMessage()));
        } catch (JacksonException e) {
            return new Refused(object.name(), "it does not describe a row: " + e.getOriginalMessage());
        } catch (StoreException e) {
            if (e.absent()) {
                return new Refused(object.name(), "it was removed before it was read");
            }
            throw e;
        }
    }

    private Restorable readable(Sidecar sidecar) throws BrokenSidecarException {
        ResponseReader.Envelope response = ResponseReader.read(sidecar.answer(), sidecar.noteId())
                .orElseThrow(() -> new BrokenSidecarException("its response is not of the provider"));
        NoteCapture capture = null;
        if (sidecar.media() != null) {
            capture = response.note()
                    .orElseThrow(() -> new BrokenSidecarException("its response does not contain the note"))
                    .capture(sidecar.noteId(), sidecar.callId(), sidecar.capturedAt(), sidecar.answer());
        }
        String author = capture == null ? null : NoteCatalog.authorOf(capture).orElse(null);
        if (erasures.covers(sidecar.noteId(), author)) {
            rows.reopen(sidecar.noteId());
            throw new BrokenSidecarException(
                    "its note was forgotten, and this object remains; forget %s --yes removes it"
                            .formatted(sidecar.noteId()));
        }
        return new Restorable(
                sidecar,
                new PaidCall(
                        sidecar.callId(), sidecar.capturedAt(), JSON.treeToValue(sidecar.call(), PaidCall.Facts.class)),
                capture,
                JSON.treeToValue(sidecar.worklist(), WorklistRow.class));
    }
}

package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.BrokenSidecarException;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.ledger.PaidCall;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.maintenance.rebuild.SidecarFound.Refused;
import io.github.notearchive.maintenance.rebuild.SidecarFound.Restorable;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.ResponseReader;
import io.github.notearchive.store.ListedObject;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.util.Optional;
import org.springframework.stereotype.Component;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * Reads one sidecar and makes of it what the tables are to hold. Whatever lies there: what cannot be used is refused
 * with its reason, and stays where it is.
 */
@Component
class SidecarFinder {

    /** Beside the answer: some 500 bytes for each file, and few notes have more than 40. */
    private static final int BESIDE_THE_ANSWER = 1 << 20;

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final ObjectStore store;
    private final ResponseReader reader;
    private final ErasureList forgotten;
    private final ErasureRepository rows;
    private final int largest;

    SidecarFinder(
            ObjectStore store,
            ResponseReader reader,
            ErasureList forgotten,
            ErasureRepository rows,
            NoteSourceProperties source) {
        this.store = store;
        this.reader = reader;
        this.forgotten = forgotten;
        this.rows = rows;
        // within a JSON text each byte of JSON takes two at most, a quotation mark and its
        // backslash
        this.largest =
                (int) Math.min(Integer.MAX_VALUE - 8, 2 * source.maxAnswerSize().toBytes() + BESIDE_THE_ANSWER);
    }

    /** Reads it; trouble with the store itself is a {@link StoreException}. */
    SidecarFound read(ListedObject object) {
        Optional<ObjectKey> named = ObjectKey.parse(object.name());
        if (named.isEmpty()) {
            return new Refused(object.name(), "its name is none of ours");
        }
        ObjectKey key = named.get();
        if (object.size() > largest) {
            return new Refused(
                    object.name(),
                    "it has "
                            + object.size()
                            + " bytes, more than an answer of archive.source.max-answer-size could make it");
        }
        try {
            return readable(Sidecar.read(key, store.read(key, (in, _) -> in.readNBytes(largest))));
        } catch (BrokenSidecarException | IllegalArgumentException e) {
            return new Refused(object.name(), String.valueOf(e.getMessage()));
        } catch (JacksonException e) {
            return new Refused(object.name(), "it tells of no possible row: " + e.getOriginalMessage());
        } catch (StoreException e) {
            if (e.absent()) {
                return new Refused(object.name(), "it was taken away while it was to be read");
            }
            throw e;
        }
    }

    private SidecarFound readable(Sidecar sidecar) {
        Optional<ResponseReader.Envelope> answer = reader.read(sidecar.answer(), sidecar.noteId());
        if (answer.isEmpty()) {
            return new Refused(sidecar.key().value(), "its answer is none of the provider's");
        }
        NoteCapture capture = null;
        if (sidecar.media() != null) {
            Optional<ResponseReader.FoundNote> note = answer.get().note();
            if (note.isEmpty()) {
                return new Refused(sidecar.key().value(), "its answer does not hold the note");
            }
            capture = note.get().capture(sidecar.noteId(), sidecar.callId(), sidecar.capturedAt(), sidecar.answer());
        }
        String author = capture == null ? null : NoteCatalog.authorOf(capture).orElse(null);
        if (forgotten.covers(sidecar.noteId(), author)) {
            rows.reopen(sidecar.noteId());
            return new Refused(
                    sidecar.key().value(),
                    "its note was forgotten, and this is left of it; forget " + sidecar.noteId() + " --yes removes it");
        }
        return new Restorable(
                sidecar,
                new PaidCall(sidecar.callId(), sidecar.capturedAt(), told(sidecar.call(), PaidCall.Facts.class)),
                capture,
                told(sidecar.worklist(), WorklistRow.class));
    }

    private static <T> T told(JsonNode row, Class<T> type) {
        return JSON.treeToValue(row, type);
    }
}

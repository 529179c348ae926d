package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.archive.catalog.BrokenSidecarException;
import io.github.notearchive.archive.catalog.ErasureRepository;
import io.github.notearchive.archive.catalog.MediaCatalog.SlotRow;
import io.github.notearchive.archive.catalog.NoteCatalog;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.ledger.PaidCall;
import io.github.notearchive.archive.worklist.ErasureList;
import io.github.notearchive.archive.worklist.NoteState;
import io.github.notearchive.archive.worklist.WorklistRow;
import io.github.notearchive.maintenance.rebuild.SidecarFound.Refused;
import io.github.notearchive.maintenance.rebuild.SidecarFound.Restorable;
import io.github.notearchive.note.Endpoint;
import io.github.notearchive.note.NoteCapture;
import io.github.notearchive.provider.NoteSourceProperties;
import io.github.notearchive.provider.ResponseReader;
import io.github.notearchive.store.ListedObject;
import io.github.notearchive.store.ObjectKey;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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

    /** The default of {@code archive.source.max-answer-size} before it was lowered. */
    private static final long LONGEST_ANSWER_BEFORE = 32L << 20;

    /** What a note that no sidecar of format 2 tells of is said to come from. */
    private static final String SOURCE = "rebuild";

    private static final JsonMapper JSON = JsonMapper.builder().build();

    private final ObjectStore store;
    private final ResponseReader reader;
    private final ErasureList forgotten;
    private final ErasureRepository rows;
    private final Clock clock;
    private final int largest;

    SidecarFinder(
            ObjectStore store,
            ResponseReader reader,
            ErasureList forgotten,
            ErasureRepository rows,
            NoteSourceProperties source,
            Clock clock) {
        this.store = store;
        this.reader = reader;
        this.forgotten = forgotten;
        this.rows = rows;
        this.clock = clock;
        // within a JSON text each byte of JSON takes two at most, a quotation mark and its
        // backslash
        this.largest = (int) Math.min(
                Integer.MAX_VALUE - 8,
                2 * Math.max(source.maxAnswerSize().toBytes(), LONGEST_ANSWER_BEFORE) + BESIDE_THE_ANSWER);
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
        Optional<ResponseReader.Answer> answer = reader.read(sidecar.answer(), sidecar.noteId());
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
                new PaidCall(
                        sidecar.callId(),
                        sidecar.capturedAt(),
                        sidecar.call() == null
                                ? facts(sidecar, answer.get())
                                : told(sidecar.call(), PaidCall.Facts.class)),
                capture,
                sidecar.worklist() == null ? standing(sidecar) : told(sidecar.worklist(), WorklistRow.class),
                sidecar.call() == null || sidecar.worklist() == null);
    }

    private static <T> T told(JsonNode row, Class<T> type) {
        return JSON.treeToValue(row, type);
    }

    /** What format 1 does not say, as far as the answer does. */
    private static PaidCall.Facts facts(Sidecar sidecar, ResponseReader.Answer answer) {
        return new PaidCall.Facts(
                Endpoint.DETAIL.ledgerName(),
                sidecar.capturedAt(),
                null,
                null,
                answer.code(),
                answer.requestId(),
                answer.message(),
                null,
                null);
    }

    /** What format 1 does not say: it was written at a note's end, which was a good one when no file is missing. */
    private WorklistRow standing(Sidecar sidecar) {
        List<SlotRow> media = sidecar.media() == null ? List.of() : sidecar.media();
        Optional<SlotRow> gap = media.stream().filter(SlotRow::isMissing).findFirst();
        boolean lesser = media.stream().anyMatch(row -> "DEGRADED".equals(row.reason()));
        @Nullable Instant due = gap.isEmpty() && lesser ? clock.instant() : null;
        return new WorklistRow(
                gap.isEmpty() ? NoteState.ARCHIVED : NoteState.FAILED,
                5,
                SOURCE,
                sidecar.capturedAt(),
                0,
                0,
                0,
                0,
                null,
                null,
                due != null,
                due,
                0,
                gap.map(row -> "MEDIA_INCOMPLETE: " + row.kind() + " " + row.ordinal() + " " + row.reason())
                        .orElse(null),
                sidecar.capturedAt(),
                null,
                null,
                null,
                null);
    }
}

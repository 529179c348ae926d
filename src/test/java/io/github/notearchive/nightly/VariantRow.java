package io.github.notearchive.nightly;

import io.github.notearchive.PublishedTable;
import io.github.notearchive.archive.worklist.WorklistRepository.WorklistEntry;
import io.github.notearchive.batch.ExitCode;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Row of the table in {@code src/docs/response-variants.md}: the result of one note after two nights, without the
 * remark.
 */
final class VariantRow {

    private static final PublishedTable TABLE = new PublishedTable("response-variants.md", "Responses");

    private final NightlyScenario night;
    private final int number;
    private final String response;
    private final String note;
    private final StringBuilder nights = new StringBuilder();
    private String calls = "";
    private String requests = "";
    private int callsBefore;
    private int requestsBefore;
    private @Nullable Instant settledBefore;

    VariantRow(NightlyScenario night, int number, String response, String note) {
        this.night = night;
        this.number = number;
        this.response = response;
        this.note = note;
    }

    /** Like {@code 11 `images_list` empty}. */
    String name() {
        return number + " " + response;
    }

    /** Looks at the note when a run has ended. */
    void look() {
        int callsNow = night.calls(note);
        int requestsNow = night.provider().mediaRequests(note);
        boolean first = nights.isEmpty();
        boolean idle = !first && Objects.equals(night.note(note).settledAt(), settledBefore);
        nights.append(first ? "" : " | ").append(idle ? "–" : disposition());
        calls += (first ? "" : " + ") + (callsNow - callsBefore);
        requests += (first ? "" : " + ") + (requestsNow - requestsBefore);
        callsBefore = callsNow;
        requestsBefore = requestsNow;
        settledBefore = night.note(note).settledAt();
    }

    /** Runs in two nights, each of which completes, and fails unless the document has this row. */
    void assertHoldsForTwoNights() {
        night.run(ExitCode.COMPLETED);
        look();
        night.isNextDay();
        night.run(ExitCode.COMPLETED);
        look();
        assertHolds();
    }

    void assertHolds() {
        TABLE.assertHolds(toString());
    }

    private String disposition() {
        WorklistEntry entry = night.note(note);
        String code = entry.lastCode() == null ? "" : " " + entry.lastCode();
        String reason = (entry.reason() == null ? "" : ", " + entry.reason())
                + (entry.detail() == null ? "" : ": " + entry.detail());
        return (entry.state() + code + files() + reason).replace(note, "ID").replace("|", "\\|");
    }

    /** Like {@code , 2 IMAGE STORED, 1 VIDEO WAIVED NOT_OFFERED_BY_V1}. */
    private String files() {
        String files = night.files(note).stream()
                .collect(Collectors.groupingBy(Function.identity(), LinkedHashMap::new, Collectors.counting()))
                .entrySet()
                .stream()
                .map(count -> ", " + count.getValue() + " " + count.getKey())
                .collect(Collectors.joining());
        List<String> digests = night.slots(note).stream()
                .filter(slot -> slot.media() != null)
                .map(slot -> slot.media().sha256())
                .toList();
        long objects = digests.stream().distinct().count();
        return digests.size() == objects ? files : files + " (" + objects + " object)";
    }

    @Override
    public String toString() {
        return "| %d | %s | %s | %s | %s | %s |"
                .formatted(
                        number,
                        response,
                        nights,
                        calls,
                        requests,
                        night.text("SELECT count(*) FROM note_capture WHERE note_id = :note", note));
    }
}

package io.github.notearchive.histories;

import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.Sidecar.BrokenSidecarException;
import io.github.notearchive.nightly.NightlyScenario;
import io.github.notearchive.note.Night;
import io.github.notearchive.store.ObjectKey;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.commons.codec.digest.DigestUtils;
import org.jspecify.annotations.Nullable;

/**
 * What can be seen of an archive: rows, objects and the provider's sales.
 *
 * @param states states of notes on the worklist, by note
 * @param claims nodes, by claimed note
 * @param sidecars notes, by key of a capture's sidecar
 * @param files keys of {@code media_object}
 * @param erased table and note of rows of erased notes
 * @param spooled notes with a paid response in a file
 * @param sold notes of all responses that were sold, with duplicates
 * @param asked number of calls
 */
record Seen(
        Map<String, String> states,
        Map<String, String> claims,
        Map<Long, Call> calls,
        List<Slot> slots,
        Map<String, String> sidecars,
        Set<String> files,
        List<String> erased,
        Map<String, byte[]> objects,
        Set<String> spooled,
        List<String> sold,
        int asked) {

    private static final String ROWS = Stream.of(
                    "worklist", "note", "note_capture", "note_media", "note_topic", "note_mention", "api_call")
            .map(table -> "SELECT DISTINCT '%s ' || note_id FROM %s WHERE note_id IN (:erased) %s"
                    .formatted(table, table, table.equals("api_call") ? "AND response IS NOT NULL" : ""))
            .collect(Collectors.joining(" UNION ALL "));

    /** A row of the ledger with the night of its response; {@code hasNote} if the response has the note. */
    record Call(String note, String billed, long night, boolean hasNote) {}

    /** A row of {@code note_media}. */
    record Slot(
            String note,
            String kind,
            int ordinal,
            String state,
            @Nullable String key) {

        String name() {
            return kind + " " + ordinal;
        }
    }

    static Seen of(NightlyScenario night, List<String> erased, Collection<Path> spooled) {
        Map<Long, Call> calls = new HashMap<>();
        night.sql().sql("""
                        SELECT id, note_id, billed,
                               (coalesce(received_at, sent_at) AT TIME ZONE 'Asia/Shanghai')::date - date '1970-01-01',
                               coalesce(code = 0 AND coalesce(length(response), 999) > 200, false)
                        FROM api_call
                        """).query(row -> {
            calls.put(row.getLong(1), new Call(row.getString(2), row.getString(3), row.getLong(4), row.getBoolean(5)));
        });
        List<Slot> slots = night.sql().sql("""
                        SELECT note_id AS note, kind, ordinal, state, object_key AS key
                        FROM note_media LEFT JOIN media_object USING (sha256) WHERE kind <> 'PREVIEW'
                        """).query(Slot.class).list();
        return new Seen(
                pairs(night, "SELECT note_id, state FROM worklist"),
                pairs(night, "SELECT note_id, claimed_by FROM worklist WHERE claimed_by IS NOT NULL"),
                calls,
                slots,
                pairs(night, "SELECT sidecar_key, note_id FROM note_capture WHERE sidecar_key IS NOT NULL"),
                pairs(night, "SELECT object_key, sha256 FROM media_object").keySet(),
                erased.isEmpty()
                        ? List.of()
                        : night.sql()
                                .sql(ROWS)
                                .param("erased", erased)
                                .query(String.class)
                                .list(),
                night.objects(""),
                spooled.stream()
                        .map(file -> file.getFileName().toString().split("-")[1])
                        .collect(Collectors.toSet()),
                night.provider().bought(),
                night.provider().calls());
    }

    private static Map<String, String> pairs(NightlyScenario night, String sql) {
        Map<String, String> pairs = new TreeMap<>();
        night.sql().sql(sql).query(row -> {
            pairs.put(row.getString(1), row.getString(2));
        });
        return pairs;
    }

    int sold(String note) {
        return (int) sold.stream().filter(note::equals).count();
    }

    /** Returns the calls about a note that are billed like this. */
    List<Call> calls(String note, String billed) {
        return calls.values().stream()
                .filter(call -> call.note().equals(note) && call.billed().equals(billed))
                .toList();
    }

    /** Returns those of {@link #calls} that were not billed like this before. */
    List<Call> newCalls(String note, String billed, Seen before) {
        List<Call> calls = new ArrayList<>();
        this.calls.forEach((id, call) -> {
            Call old = before.calls.get(id);
            boolean isOld =
                    old != null && old.note().equals(note) && old.billed().equals(billed);
            if (!isOld && call.note().equals(note) && call.billed().equals(billed)) {
                calls.add(call);
            }
        });
        return calls;
    }

    /** Returns the objects that a row names and that are missing or have other bytes than their name says. */
    Set<String> broken() {
        Set<String> broken = new TreeSet<>(files);
        broken.removeIf(key -> objects.containsKey(key) && key.contains(DigestUtils.sha256Hex(objects.get(key))));
        sidecars.keySet().stream().filter(key -> !objects.containsKey(key)).forEach(broken::add);
        return broken;
    }

    /** Returns whether a sidecar in the bucket names a file that is not there. */
    boolean hasLostFile() {
        return sidecarsInBucket().stream()
                .flatMap(sidecar -> sidecar.files().stream())
                .anyMatch(file -> file.media() != null
                        && !objects.containsKey(file.media().key().value()));
    }

    List<Sidecar> sidecarsInBucket() {
        List<Sidecar> sidecars = new ArrayList<>();
        objects.forEach((key, object) -> {
            if (key.startsWith("notes/")) {
                try {
                    sidecars.add(Sidecar.read(new ObjectKey(key), object));
                } catch (BrokenSidecarException e) {
                    throw new AssertionError(key, e);
                }
            }
        });
        return sidecars;
    }

    static long nightOf(Sidecar sidecar) {
        return Night.of(sidecar.capturedAt()).date().toEpochDay();
    }

    /**
     * Returns the night of the newest sidecar of each note in the bucket.
     *
     * @param withNote only of those whose response has the note
     */
    Map<String, Long> nightsOfSidecars(boolean withNote) {
        Map<String, Long> nights = new HashMap<>();
        for (Sidecar sidecar : sidecarsInBucket()) {
            if (!withNote || sidecar.media() != null) {
                long night = nightOf(sidecar);
                nights.merge(sidecar.noteId().value(), night, Math::max);
            }
        }
        return nights;
    }
}

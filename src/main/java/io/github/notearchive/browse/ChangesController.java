package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteChanges;
import io.github.notearchive.archive.query.NoteChanges.Absence;
import io.github.notearchive.archive.query.NoteChanges.ChangePage;
import io.github.notearchive.archive.query.NoteChanges.NoteChange;
import io.github.notearchive.archive.query.Survival;
import io.github.notearchive.archive.query.Survival.Curve;
import io.github.notearchive.archive.query.Survival.Dimension;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.Chart;
import io.github.notearchive.report.Chart.Shares;
import io.github.notearchive.report.Pages;
import io.github.notearchive.report.Texts;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.LocalDate;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.commons.lang3.Strings;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** Pages and Atom feeds of the notes that vanished and of those that were edited, newest first; survival of notes. */
@RestController
final class ChangesController {

    static final int ROWS = 40;

    /** Days that a list shows; 0 for all. */
    static final List<Integer> PERIODS = List.of(7, 30, 0);

    private static final MediaType ATOM = new MediaType(MediaType.APPLICATION_ATOM_XML, StandardCharsets.UTF_8);

    private final NoteChanges changes;
    private final Survival survival;
    private final PageRenderer pages;
    private final Clock clock;

    ChangesController(NoteChanges changes, Survival survival, PageRenderer pages, Clock clock) {
        this.changes = changes;
        this.survival = survival;
        this.pages = pages;
        this.clock = clock;
    }

    @GetMapping("/{kind:gone|edited}")
    ResponseEntity<String> list(
            HttpServletRequest request,
            @PathVariable String kind,
            @RequestParam(defaultValue = "0") int days,
            @RequestParam(defaultValue = "") String after) {
        if (!PERIODS.contains(days)) {
            throw new ResponseStatusException(HttpStatus.BAD_REQUEST, "days is one of " + PERIODS);
        }
        LocalDate since =
                days == 0 ? LocalDate.EPOCH : Night.current(clock).date().minusDays(days);
        ChangePage page = page(kind, new Night(since), after);
        String filter = kind + (days == 0 ? ":yes" : ":" + since + "..");
        return pages.page(
                request,
                "browse/changes",
                Map.of("kind", kind, "days", days, "filter", filter, "page", page, "isFirst", after.isEmpty()));
    }

    @GetMapping("/{kind:gone|edited}.atom")
    ResponseEntity<String> feed(HttpServletRequest request, @PathVariable String kind) {
        String origin = Strings.CS.removeEnd(request.getRequestURL().toString(), request.getRequestURI());
        Map<String, Object> model = Map.of(
                "site",
                pages.site(request),
                "kind",
                kind,
                "origin",
                origin,
                "changes",
                page(kind, new Night(LocalDate.EPOCH), "").rows());
        return ResponseEntity.ok()
                .contentType(ATOM)
                .cacheControl(CacheControl.noStore())
                .body("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n" + Pages.render("browse/feed", model));
    }

    /** Returns for how long notes stay available, in the named dimension. */
    @GetMapping("/survival")
    ResponseEntity<String> survival(HttpServletRequest request, @RequestParam(defaultValue = "all") Dimension by) {
        return pages.page(request, "browse/survival", Map.of("by", by, "curves", survival.curves(by, ROWS)));
    }

    /** Returns the curves of the first values that were observed; empty if none was. */
    static Optional<Chart> chart(Texts texts, Dimension by, List<Curve> curves) {
        List<String> names = curves.stream()
                .map(curve -> Objects.requireNonNullElse(curve.name(), curve.value()))
                .toList();
        return Chart.survival(
                texts,
                curves.stream()
                        .map(curve -> new Shares(
                                by == Dimension.all ? texts.text("survival.all") : label(curve, names), curve.shares()))
                        .toList());
    }

    /** Returns the name of a value, with its id if the name is empty or not the only one. */
    private static String label(Curve curve, List<String> names) {
        String name = Objects.requireNonNullElse(curve.name(), curve.value());
        boolean isClear = !name.isBlank() && Collections.frequency(names, name) == 1;
        return isClear ? name : (name + " " + curve.value()).strip();
    }

    private ChangePage page(String kind, Night since, String after) {
        return kind.equals("gone")
                ? changes.gone(since.begins(), after, ROWS)
                : changes.edited(since.begins(), after, ROWS);
    }

    /** Returns the last counts of a vanished note that are known, by the keys of their names. */
    static Map<String, Long> counts(Absence absence) {
        Map<String, Long> counts = new LinkedHashMap<>();
        counts.put("note.likes", absence.likes());
        counts.put("note.collected", absence.collected());
        counts.put("note.comments", absence.comments());
        counts.put("note.shared", absence.shared());
        counts.values().removeIf(Objects::isNull);
        return counts;
    }

    /** Returns the path of the vanished note, or of the difference that an edit made. */
    static String path(NoteChange change) {
        String note = "/notes/" + change.id();
        return change.absence() == null ? note + "/diff?from=%s&to=%s".formatted(change.seenAt(), change.at()) : note;
    }
}

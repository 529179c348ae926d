package io.github.notearchive.browse;

import io.github.notearchive.archive.query.NoteChanges;
import io.github.notearchive.archive.query.NoteChanges.ChangePage;
import io.github.notearchive.archive.query.NoteChanges.NoteChange;
import io.github.notearchive.archive.query.Survival;
import io.github.notearchive.archive.query.Survival.Curve;
import io.github.notearchive.archive.query.Survival.Dimension;
import io.github.notearchive.report.Chart;
import io.github.notearchive.report.Chart.Shares;
import io.github.notearchive.report.Pages;
import io.github.notearchive.report.Texts;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.apache.commons.lang3.Strings;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Pages and Atom feeds of the notes that vanished and of those that were edited, newest first; survival of notes. */
@RestController
final class ChangesController {

    static final int ROWS = 40;
    private static final MediaType ATOM = new MediaType(MediaType.APPLICATION_ATOM_XML, StandardCharsets.UTF_8);

    private final NoteChanges changes;
    private final Survival survival;
    private final PageRenderer pages;

    ChangesController(NoteChanges changes, Survival survival, PageRenderer pages) {
        this.changes = changes;
        this.survival = survival;
        this.pages = pages;
    }

    @GetMapping("/{kind:gone|edited}")
    ResponseEntity<String> list(
            HttpServletRequest request, @PathVariable String kind, @RequestParam(defaultValue = "") String after) {
        return pages.page(
                request, "browse/changes", Map.of("kind", kind, "page", page(kind, after), "isFirst", after.isEmpty()));
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
                page(kind, "").rows());
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

    private ChangePage page(String kind, String after) {
        return kind.equals("gone") ? changes.gone(after, ROWS) : changes.edited(after, ROWS);
    }

    /** Returns the path of the vanished note, or of the difference that an edit made. */
    static String path(NoteChange change) {
        String note = "/notes/" + change.id();
        return change.absence() == null ? note + "/diff?from=%s&to=%s".formatted(change.seenAt(), change.at()) : note;
    }
}

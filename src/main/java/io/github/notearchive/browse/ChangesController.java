package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.NoteChanges;
import io.github.notearchive.archive.stats.NoteChanges.Change;
import io.github.notearchive.archive.stats.NoteChanges.ChangePage;
import io.github.notearchive.archive.stats.Survival;
import io.github.notearchive.archive.stats.Survival.Curve;
import io.github.notearchive.archive.stats.Survival.Dimension;
import io.github.notearchive.report.Chart;
import io.github.notearchive.report.Pages;
import io.github.notearchive.report.Texts;
import jakarta.servlet.http.HttpServletRequest;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.lang3.Strings;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Pages and Atom feeds of the notes that vanished and of those that were edited, newest first; survival of notes. */
@RestController
record ChangesController(NoteChanges changes, Survival survival, PageRenderer pages) {

    static final int ROWS = 40;
    private static final int LINES = 6;
    private static final MediaType ATOM = new MediaType(MediaType.APPLICATION_ATOM_XML, StandardCharsets.UTF_8);

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

    /** Returns the curves of the first values; empty if nothing is known. */
    static Optional<Chart> chart(Texts texts, List<Curve> curves) {
        Map<String, Map<Integer, @Nullable Double>> shares = new LinkedHashMap<>();
        for (Curve curve : curves.subList(0, Math.min(LINES, curves.size()))) {
            String name = curve.name() == null ? curve.value() : curve.name();
            shares.put(name.isEmpty() ? texts.text("survival.all") : name, curve.shares());
        }
        return Chart.survival(texts, shares);
    }

    private ChangePage page(String kind, String after) {
        return kind.equals("gone") ? changes.gone(after, ROWS) : changes.edited(after, ROWS);
    }

    /** Returns the path of the vanished note, or of the difference that an edit made. */
    static String path(Change change) {
        String note = "/notes/" + change.id();
        return change.absence() == null ? note + "/diff?from=%s&to=%s".formatted(change.seenAt(), change.at()) : note;
    }
}

package io.github.notearchive.browse;

import io.github.notearchive.archive.catalog.RestoredDump;
import io.github.notearchive.archive.query.RunHistory;
import io.github.notearchive.archive.query.RunHistory.RecordedRun;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.HealthCheck;
import io.github.notearchive.report.NightReport;
import io.github.notearchive.report.NightReport.Past;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.report.Pages;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.time.LocalDate;
import java.time.temporal.ChronoField;
import java.time.temporal.ValueRange;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** The nights with runs, newest first, their reports, and the health of the archive, as {@code status} prints it. */
@RestController
final class NightsController {

    private static final int NIGHTS = 60;
    private static final ValueRange YEARS = ValueRange.of(1, 9999);

    private final RunHistory history;
    private final NightReports reports;
    private final HealthCheck check;
    private final PageRenderer pages;
    private final RestoredDump restored;
    private final Clock clock;

    NightsController(
            RunHistory history,
            NightReports reports,
            HealthCheck check,
            PageRenderer pages,
            RestoredDump restored,
            Clock clock) {
        this.history = history;
        this.reports = reports;
        this.check = check;
        this.pages = pages;
        this.restored = restored;
        this.clock = clock;
    }

    @GetMapping("/nights")
    ResponseEntity<String> nights(
            HttpServletRequest request, @RequestParam(required = false) @Nullable LocalDate until) {
        // the clock of another node may be ahead
        LocalDate to = until == null ? Night.current(clock).date().plusDays(1) : until;
        YEARS.checkValidValue(to.getYear(), ChronoField.YEAR);
        Night last = history.lastNight(null, new Night(to)).orElse(new Night(to));
        Night from = new Night(last.date().minusDays(NIGHTS - 1L));
        Map<String, Object> model = new HashMap<>();
        // a killed run has no summary
        model.put("nights", lines(history.runs(null, from, new Night(to))));
        if (until != null) {
            model.put("newer", "/nights?until=" + until.plusDays(NIGHTS));
        }
        history.lastNight(null, new Night(from.date().minusDays(1)))
                .ifPresent(older -> model.put("older", "/nights?until=" + older));
        return pages.page(request, "browse/nights", model);
    }

    /** Returns the report as {@code report} writes it, under its own policy, which permits its style sheet only. */
    @GetMapping("/nights/{night}/{node}")
    ResponseEntity<String> night(HttpServletRequest request, @PathVariable LocalDate night, @PathVariable String node) {
        NightReport report = reports.find(new Night(night), node)
                .orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
        return ResponseEntity.ok()
                .contentType(PageRenderer.HTML)
                .cacheControl(CacheControl.noStore())
                .header("Content-Security-Policy", Pages.REPORT.policy() + "; frame-ancestors 'none'")
                .body(report.page(pages.site(request).texts(), "/notes/"));
    }

    private static List<Past> lines(List<RecordedRun> runs) {
        return runs.stream().collect(Collectors.groupingBy(run -> List.of(run.night(), run.node()))).values().stream()
                .map(Past::new)
                .sorted(Comparator.comparing(Past::night)
                        .reversed()
                        .thenComparing(past -> past.last().node()))
                .toList();
    }

    @GetMapping("/health")
    ResponseEntity<String> health(HttpServletRequest request) {
        return pages.page(request, "browse/health", Map.of("health", check.check(restored.difference())));
    }
}

package io.github.notearchive.browse;

import io.github.notearchive.archive.stats.CallTotals.Bill;
import io.github.notearchive.archive.stats.RunHistory;
import io.github.notearchive.archive.stats.RunHistory.Left;
import io.github.notearchive.archive.stats.RunHistory.Run;
import io.github.notearchive.archive.stats.RunHistory.Work;
import io.github.notearchive.note.Night;
import io.github.notearchive.report.NightReport;
import io.github.notearchive.report.NightReports;
import io.github.notearchive.report.Pages;
import jakarta.servlet.http.HttpServletRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.server.ResponseStatusException;

/** The nights with runs, newest first, and their reports. */
@RestController
record NightsController(RunHistory history, NightReports reports, PageRenderer pages, Clock clock) {

    private static final int NIGHTS = 60;

    @GetMapping("/nights")
    ResponseEntity<String> nights(
            HttpServletRequest request, @RequestParam(required = false) @Nullable LocalDate until) {
        Map<String, Object> model = new HashMap<>();
        // a killed run has no summary, and the clock of another node may be ahead
        LocalDate today = Night.current(clock).date().plusDays(1);
        Night last = history.lastNight(null, new Night(until == null ? today : until))
                .orElse(new Night(today));
        Night from = new Night(last.date().minusDays(NIGHTS - 1L));
        model.put("nights", lines(history.runs(null, from, until == null ? new Night(today) : last)));
        history.lastNight(null, new Night(from.date().minusDays(1)))
                .ifPresent(older -> model.put("older", "/nights?until=" + older));
        if (until != null) {
            model.put("newer", "/nights?until=" + until.plusDays(NIGHTS));
        }
        return pages.page(request, "browse/nights", model);
    }

    /** Returns the report as {@code report} writes it, under its own policy, which permits its style sheet only. */
    @GetMapping("/nights/{night}/{node}")
    ResponseEntity<String> night(@PathVariable LocalDate night, @PathVariable String node) {
        NightReport report = reports.find(new Night(night), node)
                .orElseThrow(() -> new ResponseStatusException(HttpStatus.NOT_FOUND));
        return ResponseEntity.ok()
                .contentType(PageRenderer.HTML)
                .cacheControl(CacheControl.noStore())
                .header("Content-Security-Policy", Pages.REPORT.policy() + "; frame-ancestors 'none'")
                .body(report.page());
    }

    private static List<NightLine> lines(List<Run> runs) {
        return runs.stream().collect(Collectors.groupingBy(run -> List.of(run.night(), run.node()))).values().stream()
                .map(NightLine::new)
                .sorted(Comparator.comparing(NightLine::night).reversed().thenComparing(NightLine::node))
                .toList();
    }

    /** The runs of a night of a node, oldest first; never empty. */
    record NightLine(List<Run> runs) {

        Night night() {
            return last().night();
        }

        String node() {
            return last().node();
        }

        Run last() {
            return runs.getLast();
        }

        String address() {
            return "/nights/" + night() + "/" + Site.encode(node());
        }

        long archived() {
            return work(Work::archived);
        }

        long files() {
            return work(Work::filesStored);
        }

        long bytes() {
            return work(Work::bytesStored);
        }

        long calls() {
            return runs.stream().map(Run::bill).mapToLong(Bill::calls).sum();
        }

        long billed() {
            return runs.stream().map(Run::bill).mapToLong(Bill::billed).sum();
        }

        Duration took() {
            return runs.stream().map(Run::took).reduce(Duration.ZERO, Duration::plus);
        }

        private long work(ToLongFunction<Work> count) {
            return runs.stream()
                    .flatMap(run -> Stream.ofNullable(run.left()))
                    .map(Left::work)
                    .mapToLong(count)
                    .sum();
        }
    }
}

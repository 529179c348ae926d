package io.github.notearchive.telemetry.notify;

import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.io.DatabaseErrors;
import io.github.notearchive.nightly.ArchiveProperties;
import io.github.notearchive.nightly.RunCounts;
import io.github.notearchive.nightly.RunObserver;
import io.github.notearchive.note.Night;
import io.github.notearchive.telemetry.metrics.ArchiveStatsReader;
import io.github.notearchive.telemetry.metrics.Meters;
import io.github.notearchive.telemetry.metrics.MetricsExporter;
import io.github.notearchive.telemetry.metrics.MetricsProperties;
import io.github.notearchive.telemetry.metrics.Otlp;
import io.github.notearchive.telemetry.metrics.Pushgateway;
import io.github.notearchive.telemetry.metrics.Textfile;
import io.github.notearchive.telemetry.notify.WebhookClient.Result;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.stereotype.Component;

/**
 * Tells of one command from its start to its end, whoever is to be told by the settings. Nobody is before
 * {@link #open}, so that practice in the sandbox stays among itself.
 *
 * <p>Each receiver has a thread of its own, so that a slow one holds up neither the others nor the run. Only
 * {@link #ended} waits, and no longer than the settings say.
 */
@Component
public class RunTelemetry implements RunObserver, AutoCloseable {

    private static final Logger log = LoggerFactory.getLogger(RunTelemetry.class);

    /** One try at a message. */
    private static final Duration TRY = Duration.ofSeconds(5);

    private static final Duration FIRST_PAUSE = Duration.ofMillis(500);
    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(8);

    /** What is exported at the end of a run need not be exported twice. */
    private static final Duration TOO_SOON = Duration.ofSeconds(30);

    /** The tables are asked so seldom that asking takes no more than this part of the time. */
    private static final int PART_FOR_FACTS = 20;

    private final MetricsProperties metrics;
    private final NotifyProperties notify;
    private final Meters meters;
    private final ObjectProvider<ArchiveStatsReader> facts;
    private final String node;
    private final Clock clock;
    private final Set<String> complainedOf = ConcurrentHashMap.newKeySet();
    private final List<Worker> exporters = new ArrayList<>();
    private final ExecutorService asking = singleThread("facts");
    private final ExecutorService posting = singleThread("webhook");
    private final ExecutorService pinging = singleThread("ping");
    private @Nullable WebhookClient sending;
    private @Nullable Webhook webhook;
    private @Nullable HealthcheckPing pings;
    private String command = "run";
    private Instant began = Instant.EPOCH;
    private long beganNanos;
    private volatile boolean open;
    private volatile boolean ending;
    private volatile boolean over;
    private volatile long exportedAt;
    private volatile long askAgainAt;

    RunTelemetry(
            MetricsProperties metrics,
            NotifyProperties notify,
            Meters meters,
            ObjectProvider<ArchiveStatsReader> facts,
            ArchiveProperties settings,
            Clock clock) {
        this.metrics = metrics;
        this.notify = notify;
        this.meters = meters;
        this.facts = facts;
        this.node = settings.node();
        this.clock = clock;
    }

    /** Something that is being told. */
    private record Telling(String name, String target, Future<?> future) {}

    /** One way out with its thread. */
    private record Worker(MetricsExporter exporter, ExecutorService thread) {}

    private static ExecutorService singleThread(String name) {
        return Executors.newSingleThreadExecutor(
                // none that has to share a core with the workers of a run
                Thread.ofPlatform().daemon().name("telemetry-" + name).factory());
    }

    /**
     * A command begins.
     *
     * @param name what the operator typed: {@code run} or {@code verify}
     */
    public void open(String name) {
        command = name;
        began = clock.instant();
        beganNanos = System.nanoTime();
        exportedAt = beganNanos - TOO_SOON.toNanos();
        askAgainAt = beganNanos;
        try {
            openReceivers();
            open = true;
        } catch (RuntimeException e) {
            log.warn("Nobody can be told of this {}: {}", command, whereabouts(e));
        }
    }

    private void openReceivers() {
        if (metrics.isAny()) {
            openExporters();
            meters.open();
        }
        if (notify.webhook().url().isPresent()) {
            webhook = new Webhook(notify.webhook(), sending());
        }
        if (notify.pingUrl().isPresent() && "run".equals(command)) {
            pings = new HealthcheckPing(notify.pingUrl(), sending());
        }
    }

    private WebhookClient sending() {
        if (sending == null) {
            sending = new WebhookClient();
        }
        return sending;
    }

    private void openExporters() {
        Duration atMost = metrics.timeout().dividedBy(3);
        if (!metrics.textfile().isBlank() || metrics.pushUrl().isPresent()) {
            PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
            meters.exportTo(prometheus);
            metrics.textfileOf(node).ifPresent(file -> add(new Textfile(file, node, prometheus)));
            if (metrics.pushUrl().isPresent()) {
                add(new Pushgateway(metrics, node, prometheus, sending(), atMost));
            }
        }
        if (metrics.otlpUrl().isPresent()) {
            Otlp otlp = new Otlp(metrics, node, sending(), atMost);
            meters.exportTo(otlp.registry());
            add(otlp);
        }
    }

    private void add(MetricsExporter exporter) {
        exporters.add(new Worker(exporter, singleThread(exporter.name())));
    }

    @Override
    public void begins(boolean restart) {
        if (!open) {
            return;
        }
        if (!exporters.isEmpty()) {
            meters.runBegins();
            export();
        }
        Webhook hook = webhook;
        if (hook != null && notify.events().contains(Event.START)) {
            Webhook.Message message = Webhook.Message.started(command, node, restart, Night.of(began), clock.instant());
            long until = System.nanoTime() + notify.timeout().toNanos();
            post(hook, message, until, false);
        }
        HealthcheckPing service = pings;
        if (service != null) {
            long until = System.nanoTime() + notify.timeout().toNanos();
            ping(service, "/start", "node " + node, until, false);
        }
    }

    @Override
    public void goesOn(RunCounts counts) {
        if (!open || exporters.isEmpty()) {
            return;
        }
        meters.goesOn(counts);
        if (System.nanoTime() - exportedAt >= TOO_SOON.toNanos()) {
            export();
        }
    }

    private void export() {
        exportedAt = System.nanoTime();
        var _ = asking.submit(() -> {
            askTheTables();
            exporters.forEach(worker -> worker.thread().execute(() -> export(worker.exporter(), false)));
        });
    }

    private void askTheTables() {
        long now = System.nanoTime();
        if (now - askAgainAt < 0) {
            return;
        }
        try {
            meters.know(facts.getObject().read());
        } catch (RuntimeException e) {
            if (!ending && complainedOf.add("tables")) {
                log.warn(
                        "Metrics: the tables cannot be asked, the values of before stay: {}",
                        DatabaseErrors.describe(e));
            }
        }
        long took = System.nanoTime() - now;
        askAgainAt = System.nanoTime() + took * PART_FOR_FACTS;
    }

    private void export(MetricsExporter exporter, boolean last) {
        try {
            if (last) {
                exporter.exportLast();
            } else {
                exporter.export();
            }
        } catch (MetricsExporter.ExportException | RuntimeException e) {
            complain(
                    exporter.name(),
                    exporter.target(),
                    e instanceof MetricsExporter.ExportException ? String.valueOf(e.getMessage()) : whereabouts(e));
        }
    }

    /** Once for each receiver: one that is dead stays so for a night. */
    private void complain(String name, String target, String why) {
        meters.failedToTell(name);
        if (!over && complainedOf.add(name)) {
            log.warn("{} {}: {}; nothing else depends on it, and no more is said of it", name, target, why);
        }
    }

    /**
     * The command has ended, in whichever way. Waits until everybody was told, and no longer than
     * {@code archive.metrics.timeout} or {@code archive.notify.timeout}, whichever is longer.
     */
    public void ended(Ended end) {
        if (!open) {
            return;
        }
        open = false;
        ending = true;
        try {
            tell(end);
        } catch (RuntimeException e) {
            log.warn("Nobody could be told how the {} ended: {}", command, whereabouts(e));
        }
    }

    private void tell(Ended end) {
        Duration took = Duration.ofNanos(System.nanoTime() - beganNanos);
        long notifyUntil = System.nanoTime() + notify.timeout().toNanos();
        List<Telling> told = notifyOf(end, took, notifyUntil);
        if (!exporters.isEmpty()) {
            exportEnd(end, began.plus(took));
        }
        told.forEach(telling -> await(telling, notifyUntil));
        over = true;
    }

    private List<Telling> notifyOf(Ended end, Duration took, long until) {
        List<Telling> told = new ArrayList<>();
        Webhook hook = webhook;
        if (hook != null && notify.events().contains(end.event())) {
            told.add(post(
                    hook,
                    Webhook.Message.ended(command, node, end, took, Night.of(began), clock.instant()),
                    until,
                    true));
        }
        HealthcheckPing service = pings;
        if (service != null) {
            HealthcheckPing.below(end)
                    .ifPresent(
                            below -> told.add(ping(service, below, Webhook.inWords(command, node, end), until, true)));
        }
        return told;
    }

    private void exportEnd(Ended end, Instant now) {
        long until = System.nanoTime() + metrics.timeout().toNanos();
        if (end.reachedTheJob()) {
            askAgainAt = System.nanoTime();
            await(
                    new Telling("tables", "for metrics", asking.submit(this::askTheTables)),
                    System.nanoTime() + metrics.timeout().dividedBy(3).toNanos());
        }
        Meters.End ended = new Meters.End(end.exitCode(), began, now);
        boolean isRun = "run".equals(command);
        if (end.exitCode() != ExitCode.ALREADY_RUNNING) {
            if (isRun) {
                meters.runEnded(ended);
            } else {
                meters.auditEnded(ended);
            }
        } else if (isRun) {
            meters.overlapped(clock.instant());
        }
        List<Telling> exported = new ArrayList<>();
        for (Worker worker : exporters) {
            exported.add(new Telling(
                    worker.exporter().name(),
                    worker.exporter().target(),
                    worker.thread().submit(() -> export(worker.exporter(), true))));
        }
        exported.forEach(telling -> await(telling, until));
    }

    private Telling post(Webhook hook, Webhook.Message message, long until, boolean isEnd) {
        UUID delivery = UUID.randomUUID();
        return deliver(posting, "webhook", hook.url(), until, isEnd, atMost -> hook.post(message, delivery, atMost));
    }

    private Telling ping(HealthcheckPing service, String below, String text, long until, boolean isEnd) {
        return deliver(pinging, "ping", service.url(), until, isEnd, atMost -> service.ping(below, text, atMost));
    }

    private Telling deliver(
            ExecutorService thread,
            String name,
            SecretUrl url,
            long until,
            boolean isEnd,
            Function<Duration, Result> once) {
        return new Telling(name, url.toString(), thread.submit(() -> deliver(name, url, until, isEnd, once)));
    }

    /** Tries until it is taken, refused for good, or the time is over. */
    private void deliver(String name, SecretUrl url, long until, boolean isEnd, Function<Duration, Result> once) {
        Duration pause = FIRST_PAUSE;
        for (int tries = 1; ; tries++) {
            Duration left = Duration.ofNanos(until - System.nanoTime());
            if (!left.isPositive()) {
                complain(name, url.toString(), "there was no time left for it");
                return;
            }
            Result result = once.apply(left.compareTo(TRY) < 0 ? left : TRY);
            if (!(result instanceof Result.Failed(var why, var again))) {
                return;
            }
            boolean noTime = until - System.nanoTime() <= pause.toNanos();
            boolean overtaken = ending && !isEnd;
            if (!again || noTime || overtaken || !isPaused(pause)) {
                complain(name, url.toString(), why + ", tried " + tries + " times");
                return;
            }
            pause = pause.multipliedBy(2);
            pause = pause.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : pause;
        }
    }

    private static boolean isPaused(Duration pause) {
        try {
            Thread.sleep(pause);
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    /** What broke, and where; without its message, which may hold an address. */
    private static String whereabouts(@Nullable Throwable broken) {
        if (broken == null) {
            return "something unforeseen";
        }
        StackTraceElement[] trace = broken.getStackTrace();
        return broken.getClass().getName() + (trace.length == 0 ? "" : " at " + trace[0]);
    }

    /** Waits for one, and no longer than that; whoever is not done then goes on unheard. */
    private void await(Telling telling, long until) {
        try {
            telling.future().get(Math.max(0, until - System.nanoTime()), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
            complain(telling.name(), telling.target(), "not done when the time was over");
        } catch (ExecutionException e) {
            complain(telling.name(), telling.target(), whereabouts(e.getCause()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        open = false;
        List.of(asking, posting, pinging).forEach(ExecutorService::shutdownNow);
        exporters.forEach(worker -> {
            worker.thread().shutdownNow();
            worker.exporter().close();
        });
        if (sending != null) {
            sending.close();
        }
    }
}

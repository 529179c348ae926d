package io.github.notearchive.io.jdbc;

import io.github.notearchive.io.time.Deadline;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionOperations;
import org.springframework.transaction.support.TransactionTemplate;

/**
 * Commits the requests of concurrent callers in common transactions: one commit and few statements for a group, which
 * costs PostgreSQL a third of single transactions.
 *
 * <p>One platform thread, started by the first request, takes the waiting requests, at most {@value #MAX_SIZE},
 * executes them in one transaction and releases the callers after its commit. Requests that arrive meanwhile form the
 * next group. A group whose predecessor had several members waits for further requests, so that a caller alone is never
 * delayed.
 *
 * <p>Failures:
 *
 * <ul>
 *   <li>Values of a group that PostgreSQL rejects (SQL states 0A, 21, 22, 23, 54, P0, XX): each request is executed
 *       again in its own transaction, so that a wrong row fails its own caller.
 *   <li>A statement that PostgreSQL undid because of other sessions (40P01, 40001, 57014): the group is executed once
 *       more, then each request alone.
 *   <li>Any other failure: all callers receive it and nothing is repeated, since the result of a commit over a lost
 *       connection is unknown.
 * </ul>
 *
 * @param <Q> a request
 * @param <R> its result
 */
public final class GroupCommit<Q, R> implements AutoCloseable {

    /** Maximum number of requests in a transaction. */
    public static final int MAX_SIZE = 64;

    /** Time for which a group of statements waits for further requests. */
    private static final Duration STATEMENT_LINGER = Duration.ofMillis(10);

    /** Attempts if PostgreSQL undoes a request; the last one is made alone. */
    private static final int MAX_ATTEMPTS = 3;

    private record Member<Q, R>(@Nullable Q request, CompletableFuture<R> result) {}

    private final String name;
    private final Duration linger;
    private final TransactionOperations transactions;
    private final Function<? super Q, ?> kind;
    private final Function<List<Q>, List<R>> action;
    private final BlockingQueue<Member<Q, R>> queue = new LinkedBlockingQueue<>();
    private final Thread thread;
    private boolean closed;

    /**
     * Creates groups that are a transaction each.
     *
     * @param name name of the thread
     * @param linger time for which a group waits for further requests
     * @param action executes the requests within a transaction; returns one result for each, in their order
     */
    public GroupCommit(
            String name, Duration linger, PlatformTransactionManager transactions, Function<List<Q>, List<R>> action) {
        this(name, linger, new TransactionTemplate(transactions), _ -> true, action);
    }

    private GroupCommit(
            String name,
            Duration linger,
            TransactionOperations transactions,
            Function<? super Q, ?> kind,
            Function<List<Q>, List<R>> action) {
        this.name = name;
        this.linger = linger;
        this.transactions = transactions;
        this.kind = kind;
        this.action = action;
        this.thread = Thread.ofPlatform().daemon().name(name).unstarted(this::run);
    }

    /**
     * Creates groups that are a statement each, which commits on its own: no lock outlives it if this process dies.
     *
     * @param kind returns a value by which requests are separated: those with equal values form a group
     * @param action executes one statement for requests of one kind, as above
     */
    public static <Q, R> GroupCommit<Q, R> ofStatements(
            String name, Function<? super Q, ?> kind, Function<List<Q>, List<R>> action) {
        return new GroupCommit<>(name, STATEMENT_LINGER, TransactionOperations.withoutTransaction(), kind, action);
    }

    /** As above, for requests of one kind. */
    public static <Q, R> GroupCommit<Q, R> ofStatements(String name, Function<List<Q>, List<R>> action) {
        return ofStatements(name, _ -> true, action);
    }

    /**
     * Executes a request in a group; returns after the commit. Waits also when the thread is interrupted, since the
     * request may be committed already; statements have timeouts.
     *
     * @throws RuntimeException failure of the action or of the commit
     */
    public R execute(Q request) {
        var entry = new Member<>(request, new CompletableFuture<R>());
        synchronized (this) {
            if (closed) {
                throw new IllegalStateException(name + " is closed");
            }
            if (thread.getState() == Thread.State.NEW) {
                thread.start(); // first: if it fails, no later caller executes this request
            }
            queue.add(entry);
        }
        try {
            return entry.result.join();
        } catch (CompletionException e) {
            switch (e.getCause()) {
                case RuntimeException failure -> throw failure;
                case Error failure -> throw failure;
                case null, default -> throw e;
            }
        }
    }

    /** Returns the number of requests that wait for a group. */
    int waiting() {
        return queue.size();
    }

    /** Executes the waiting requests and ends the thread. */
    @Override
    public void close() {
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            queue.add(new Member<>(null, new CompletableFuture<>()));
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        boolean concurrent = false;
        List<Member<Q, R>> group = new ArrayList<>();
        while (collect(group, concurrent)) {
            concurrent = group.size() > 1;
            group.stream()
                    .collect(Collectors.groupingBy(
                            entry -> kind.apply(Objects.requireNonNull(entry.request)),
                            LinkedHashMap::new,
                            Collectors.toList()))
                    .values()
                    .forEach(each -> commit(each, 1));
            group = new ArrayList<>();
        }
    }

    /** Adds waiting requests to an empty group; returns false at the end, when none is left. */
    private boolean collect(List<Member<Q, R>> group, boolean concurrent) {
        Deadline end = Deadline.in(linger);
        while (group.size() < MAX_SIZE) {
            Member<Q, R> next =
                    next(group.isEmpty() ? Long.MAX_VALUE : end.left().toNanos());
            if (next == null) {
                break;
            }
            if (next.request == null) {
                queue.add(next);
                break;
            }
            if (group.isEmpty()) {
                end = Deadline.in(concurrent ? linger : Duration.ZERO);
            }
            group.add(next);
        }
        return !group.isEmpty();
    }

    private @Nullable Member<Q, R> next(long nanos) {
        while (true) {
            try {
                return queue.poll(nanos, TimeUnit.NANOSECONDS);
            } catch (InterruptedException e) {
                // close() ends this thread
            }
        }
    }

    private void commit(List<Member<Q, R>> group, int attempt) {
        List<R> results;
        try {
            List<Q> requests = group.stream().map(Member::request).toList();
            results = transactions.execute(_ -> action.apply(requests));
            if (results.size() != group.size()) {
                throw new IllegalStateException("%s: %d results of %d requests"
                        .formatted(name, results.size(), group.size())); // the thread has to survive it
            }
        } catch (RuntimeException | Error e) {
            if (DatabaseErrors.isUndone(e) && attempt < MAX_ATTEMPTS - 1) {
                commit(group, attempt + 1);
            } else if (DatabaseErrors.isUndone(e) && attempt < MAX_ATTEMPTS) {
                group.forEach(entry -> commit(List.of(entry), MAX_ATTEMPTS));
            } else if (group.size() > 1 && DatabaseErrors.isDataError(e)) {
                group.forEach(entry -> commit(List.of(entry), 1));
            } else {
                group.forEach(entry -> entry.result.completeExceptionally(e));
            }
            return;
        }
        for (int i = 0; i < group.size(); i++) {
            group.get(i).result.complete(results.get(i));
        }
    }
}

package io.github.notearchive.nightly;

import io.github.notearchive.batch.JobExecutionQueries;
import io.github.notearchive.nightly.StartDecision.Granted;
import io.github.notearchive.provider.JustOneApiClient;
import org.springframework.stereotype.Component;

/** Lets calls leave for as long as a run lasts and its gate is open, and at no other time. */
@Component
class ProviderAccess {

    private final JustOneApiClient provider;
    private final RunStopper gate;
    private final JobExecutionQueries executions;

    ProviderAccess(JustOneApiClient provider, RunStopper gate, JobExecutionQueries executions) {
        this.provider = provider;
        this.gate = gate;
        this.executions = executions;
    }

    /** Opens the gate, and the way through it, unless a signal has come already. */
    void open(RunState run, Granted granted) {
        gate.open();
        StartRefusal withoutCalls = granted.withoutCalls();
        if (withoutCalls != null) {
            provider.end(withoutCalls.reason());
            return;
        }
        provider.open(granted.tonight(), granted.made(), !executions.isAnotherRunActive(run.node()), gate::close);
        gate.stopReason().ifPresent(stop -> provider.end(stop.reason()));
    }

    void end() {
        provider.end("no run is active");
    }
}

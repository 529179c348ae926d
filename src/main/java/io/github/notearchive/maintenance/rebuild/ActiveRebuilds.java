package io.github.notearchive.maintenance.rebuild;

import io.github.notearchive.batch.Current;
import org.springframework.stereotype.Component;

/** The rebuild that this process is in. */
@Component
public class ActiveRebuilds extends Current<ActiveRebuild> {

    public ActiveRebuilds() {
        super("a rebuild");
    }
}

import { AudioLines, Plus } from "lucide-react";
import { useState } from "react";
import { useLanguage } from "../i18n/language";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Empty, Loading } from "../ui/Page";
import { ConsentDialog } from "./ConsentDialog";
import { EnrolDialog } from "./EnrolDialog";
import { IdentifyDialog } from "./IdentifyDialog";
import { SpeakerRow } from "./SpeakerRow";
import { useSpeakers } from "./speakers";
import "./speakers.css";

/** People who agreed to be known by voice. */
export function Speakers() {
  const { t, said } = useLanguage();
  const { data, error, refetch } = useSpeakers();
  const [adding, setAdding] = useState(false);
  const [trying, setTrying] = useState(false);
  const [enrolled, setEnrolled] = useState<string | null>(null);
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  const { speakers, enabled, engine, needed } = data;
  const chosen = speakers.find(({ id }) => id === enrolled);
  return (
    <div className="stack">
      <p className="note">{t("speakers.about")}</p>
      {!enabled && (
        <p className="notice warn">
          <span>
            {t("speakers.off")} <code>KAIKOU_SPEAKER__ENABLED=true</code>
          </span>
        </p>
      )}
      {engine.state === "failed" && <p className="notice bad">{said(engine.detail)}</p>}
      <div className="acts">
        <Button icon={<Plus />} onClick={() => setAdding(true)}>
          {t("speakers.add")}
        </Button>
        {enabled && speakers.some(({ ready }) => ready) && (
          <Button look="quiet" icon={<AudioLines />} onClick={() => setTrying(true)}>
            {t("speakers.who")}
          </Button>
        )}
      </div>
      {speakers.length === 0 && (
        <Empty icon={<AudioLines aria-hidden="true" />} title={t("speakers.empty")}>
          <p className="empty-about">{t("speakers.emptyAbout")}</p>
        </Empty>
      )}
      <ul className="rows">
        {speakers.map((one) => (
          <SpeakerRow
            key={one.id}
            speaker={one}
            needed={needed}
            enabled={enabled}
            onRecord={() => setEnrolled(one.id)}
          />
        ))}
      </ul>
      {adding && (
        <ConsentDialog
          texts={data.consent_text}
          onAdded={(id) => enabled && setEnrolled(id)}
          onClose={() => setAdding(false)}
        />
      )}
      {chosen && <EnrolDialog speaker={chosen} needed={needed} onClose={() => setEnrolled(null)} />}
      {trying && <IdentifyDialog onClose={() => setTrying(false)} />}
    </div>
  );
}

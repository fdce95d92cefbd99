import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useLanguage } from "../i18n/language";
import { request, send } from "../server/http";
import { Button } from "../ui/Button";
import { Failure } from "../ui/Failure";
import { Loading } from "../ui/Page";
import { megabytes } from "./sizes";

interface Model {
  id: string;
  title: string;
  purpose: string;
  licence: { code: string; weights: string };
  size: number | null;
  state: "installed" | "partial" | "missing" | "downloading" | "waiting" | "failed";
  needed: boolean;
  done: number | null;
  total: number | null;
  rate: number | null;
  detail: string;
  error: { message: string; hint: string } | null;
}

/** The weights on this machine: what for, how large, under which licence, and how far they are. */
export function Downloads() {
  const { t, said } = useLanguage();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({
    queryKey: ["models"],
    queryFn: () => request<{ folder: string; offline: boolean; models: Model[] }>("/api/models"),
    refetchInterval: ({ state }) =>
      state.data?.models.some(({ state }) => state === "downloading") ? 1_500 : false,
  });
  const retry = useMutation({
    mutationFn: (model: string) => send("POST", "/api/models/retry", { model }),
    onSettled: () => client.invalidateQueries({ queryKey: ["models"] }),
  });
  if (error) return <Failure error={error} onRetry={() => void refetch()} />;
  if (!data) return <Loading />;
  return (
    <>
      <p className="note">{t("settings.folder", { folder: data.folder })}</p>
      {data.offline && <p className="note">{t("settings.offline")}</p>}
      {retry.error && <Failure error={retry.error} />}
      <ul className="models">
        {data.models.map((model) => (
          <li key={model.id} className="card model">
            <div>
              <h2>{model.title}</h2>
              <p className="note">
                {[
                  said(model.purpose),
                  model.size ? megabytes(model.size) : null,
                  [...new Set([model.licence.code, model.licence.weights])].join(" / "),
                ]
                  .filter(Boolean)
                  .join(" · ")}
              </p>
              {model.state === "downloading" && <Progress model={model} />}
              {model.error && (
                <p className="field-error">
                  {said(model.error.message)} {said(model.error.hint)}
                </p>
              )}
            </div>
            <div className="model-state">
              <span className={`badge ${LOOKS[model.state]}`}>
                {t(`settings.state.${model.state}`)}
              </span>
              {model.needed && <span className="badge">{t("settings.needed")}</span>}
              {model.state === "failed" && (
                <Button small disabled={retry.isPending} onClick={() => retry.mutate(model.id)}>
                  {t("ui.retry")}
                </Button>
              )}
            </div>
          </li>
        ))}
      </ul>
    </>
  );
}

const LOOKS: Record<Model["state"], string> = {
  installed: "good",
  partial: "warn",
  missing: "",
  downloading: "warn",
  waiting: "",
  failed: "bad",
};

function Progress({ model }: { model: Model }) {
  const { done, total, rate } = model;
  const known = done !== null && total;
  return (
    <div className="switching">
      <progress aria-label={model.title} max={1} {...(known ? { value: done / total } : {})} />
      {known && (
        <p className="note">
          {megabytes(done)} / {megabytes(total)}
          {rate ? ` · ${megabytes(rate)}/s` : ""}
        </p>
      )}
    </div>
  );
}

/** The sign of the house: four bars of sound. */
export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 64 64" aria-hidden="true">
      <rect width="64" height="64" rx="18" fill="currentColor" />
      <path d="M15 28v8M26.3 21v22M37.6 13v38M49 25v14" />
    </svg>
  );
}
